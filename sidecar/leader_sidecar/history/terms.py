"""Owns what logs tell of terms: when each began, which proofs extended it, and until when it lasted.

A term's end is known from two sides. It surely lasted until `sure_until_s`, and not beyond `possible_until_s`: a
process that was frozen tells the end of its term when it wakes, though its answers were false long before, and one that
was killed tells nothing at all.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from leader_sidecar.history.lines import Line


@dataclass(slots=True)
class Term:
    """One term of one process.

    Args:
        token: its fencing token as it was first told.
        began: the line that tells its begin, None where it began before the log.
        proofs: the lines of proved writes: the begin and each renewal.
        lines: all that its process told of this election from the begin to the end.
        ended: the line that tells its end, None where none does.
        sure_until_s: it surely led until here, on its boot's clock.
        possible_until_s: it did not lead beyond, infinity where nobody knows.
    """

    token: int
    began: Line | None
    lines: list[Line]
    proofs: list[Line] = field(default_factory=list)
    ended: Line | None = None
    sure_until_s: float = -math.inf
    possible_until_s: float = math.inf

    @property
    def last(self) -> Line:
        """The last line that tells of it."""
        return self.lines[-1]

    @property
    def pod(self) -> str:
        """Whose it is: the identity without the nonce, where that names one pod."""
        return pod_of(self.last)


@dataclass(slots=True)
class Life:
    """One process in one election.

    Args:
        lines: all that it told of it, in order.
        terms: in order.
        tells_requests: its log has every request, and so every renewal (`--log-level debug`).
    """

    lines: list[Line]
    terms: list[Term] = field(default_factory=list)
    tells_requests: bool = False


def pod_of(line: Line) -> str:
    """Name a line's pod; a process without a pod uid is a pod of its own."""
    pod, _, nonce = line.identity.rpartition("_")
    return pod if nonce and not pod.endswith("_") else line.identity


def name_of(line: Line) -> str:
    """Name who tells a line as people know it: by its pod."""
    return line.identity.partition("_")[0]


def went_back(lives: Iterable[Life]) -> bool:
    """Whether somebody saw the API's data go back in time: versions then give no order."""
    return any(line.event in ("regression", "barred") for life in lives for line in life.lines)


def lives_of(lines: Sequence[Line]) -> dict[str, list[Life]]:
    """Tell the processes apart, by election.

    Args:
        lines: as read, in any order; a process lives within one boot, so its clock orders what it told.
    """
    told: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.identity:
            told[line.election, line.identity].append(line)
    lives: dict[str, list[Life]] = defaultdict(list)
    for (election, _), mine in told.items():
        lives[election].append(_life(sorted(mine, key=lambda line: line.at_s)))
    ends = _ends_of_processes(lines)
    for of_election in lives.values():
        for life in of_election:
            for term in life.terms:
                _bound(term, life, ends)
    return lives


def _life(lines: list[Line]) -> Life:
    life = Life(lines, tells_requests=any(line.event == "request" for line in lines))
    term: Term | None = None
    for line in lines:
        if line.event == "became_leader":
            term = Term(line.token, line, [])
            life.terms.append(term)
        elif term is None and line.event in ("renewed", "stopped_leading"):
            term = Term(line.token, None, [])
            life.terms.append(term)
        if term is None:
            continue
        term.lines.append(line)
        if line.event in ("became_leader", "renewed"):
            term.proofs.append(line)
        elif line.event == "stopped_leading":
            term.ended, term = line, None
    return life


def _ends_of_processes(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    """Collect what shows that an earlier process has ended: a crash, by stream; the start of a pod's next, by pod."""
    ends: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.event == "crashed":
            ends["", line.stream].append(line)
        elif line.event == "started":
            ends[line.election, pod_of(line)].append(line)
    return ends


def _bound(term: Term, life: Life, ends: dict[tuple[str, str], list[Line]]) -> None:
    """Work out until when a term lasted."""
    told = [line.valid_until_s for line in term.lines if line.valid_until_s is not None]
    valid_until_s = max(told, default=None)
    last = term.last
    if term.ended is not None:
        # Who tells no validity (version 0.1.0) may have gone silent any time before.
        silent_s = term.lines[0].at_s if term.ended.valid_until_s is None else term.ended.valid_until_s
        term.sure_until_s = min(last.at_s, silent_s)
        term.possible_until_s = min(last.at_s, term.ended.valid_until_s or math.inf)
        return
    term.sure_until_s = min(last.at_s, term.lines[0].at_s if valid_until_s is None else valid_until_s)
    over = [*ends["", last.stream], *ends[last.election, term.pod]]
    latest = [line.at_s for line in over if line.boot_id == last.boot_id and line.at_s > last.at_s]
    if life.tells_requests and valid_until_s is not None:
        latest.append(valid_until_s)
    term.possible_until_s = min(latest, default=math.inf)
