"""Owns the checks of what a guarded service told: I5, accepted tokens never fall; I6, nothing passes below a mark.

One service tells its writes in the order in which they took effect; of two logs nobody knows which was first.
"""

from collections import defaultdict
from collections.abc import Sequence

from leader_sidecar.history.lines import Line
from leader_sidecar.history.verdicts import Verdict

STAMP = "stamp"
"""What an accepted line tells that only raised the mark."""


def judge_order(lines: Sequence[Line], verdict: Verdict) -> None:
    """I5: of the writes to one resource, none has a lower token than one before it."""
    for told in _by_resource(lines, verdict):
        highest: Line | None = None
        for line in told:
            if line.event != "accepted" or line.what == STAMP:
                continue
            verdict.facts += 1
            if highest is not None and line.token < highest.token:
                text = f"{line.resource} accepted token {line.token} after {highest.token}"
                verdict.broken(text, highest, line)
            else:
                highest = line


def judge_marks(lines: Sequence[Line], verdict: Verdict) -> None:
    """I6: no write passes below a mark that a stamp set or a refusal told, and no refusal tells a lower mark."""
    for told in _by_resource(lines, verdict):
        marked: Line | None = None
        highest: Line | None = None
        for line in told:
            verdict.facts += 1
            refused = line.event == "refused"
            if not refused and marked is not None and line.token < _mark(marked):
                verdict.broken(
                    f"{line.resource} accepted token {line.token} below its mark {_mark(marked)}", marked, line
                )
            if refused and line.high_water and highest is not None and line.high_water < _mark(highest):
                text = f"{line.resource} refused by mark {line.high_water}, though {_mark(highest)} had set it"
                verdict.broken(text, highest, line)
            if (refused or line.what == STAMP) and (marked is None or _mark(line) >= _mark(marked)):
                marked = line
            if highest is None or _mark(line) >= _mark(highest):
                highest = line


def _mark(line: Line) -> int:
    """What the mark was at least, after this line."""
    return line.high_water if line.event == "refused" else line.token


def _by_resource(lines: Sequence[Line], verdict: Verdict) -> list[list[Line]]:
    """Part the lines of guards by log and resource, and say where one resource has several logs."""
    told: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.event in ("accepted", "refused"):
            told[line.stream, line.resource].append(line)
    resources = [resource for _, resource in told]
    more = len(resources) - len(set(resources))
    if more:
        verdict.unjudged["a resource in several logs: each is judged, not the one against the other"] += more
    return list(told.values())
