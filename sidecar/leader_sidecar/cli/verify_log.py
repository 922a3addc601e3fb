"""Owns the command `verify-log`: what logs of sidecars and guarded services say of the promises, whoever ran them."""

import json
import sys
from collections.abc import Iterator, Sequence

from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.cli.terminal import DIM, GREEN, RED, columns, paint
from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import Line, Log, read_logs
from leader_sidecar.history.terms import name_of
from leader_sidecar.history.verdicts import PROMISES, Verdict

_SHOWN = 5
_WIDTH = 4 + max(map(len, PROMISES.values()))
_COLOURS = {"kept": GREEN, "broken": RED, "not judged": DIM}


def parser() -> Parser:
    """Make the parser of `verify-log`."""
    made = Parser(
        "verify-log",
        "Say what the JSON logs of a run tell of the promises I1 to I8: sidecars', and those of a service that tells "
        "accepted and refused writes. Exit 0 when none is broken, 1 when one is, 2 when nothing could be judged.",
        epilog="for example: kubectl logs -l app=payouts -c leader-sidecar --prefix --tail=-1 | "
        "leader-sidecar verify-log -",
    )
    made.add_argument("files", nargs="+", metavar="FILE", help="logs, as written or as kubectl shows them; - is stdin")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def main(argv: Sequence[str]) -> int:
    """Read, judge, and print what came of it."""
    made = parser()
    flags = made.read(argv)
    try:
        log = read_logs((name, _lines(name)) for name in flags.files)
    except OSError as error:
        return tell_faults(made.prog, [f"{error.filename}: {error.strerror}"])
    verdicts = judge(log)
    print(_document(log, verdicts) if flags.json else _page(log, verdicts))
    if any(verdict.violations for verdict in verdicts):
        return 1
    if not any(verdict.facts for verdict in verdicts):
        return tell_faults(made.prog, [_why_nothing(log)])
    return 0


def _lines(name: str) -> Iterator[str]:
    # The bytes of a log are whatever its process wrote.
    if name == "-":
        yield from (line.decode(errors="replace") for line in sys.stdin.buffer)
    else:
        with open(name, encoding="utf-8", errors="replace") as file:
            yield from file


def _why_nothing(log: Log) -> str:
    if log.lines:
        return "these logs tell of no term and of no guarded write: nothing could be judged"
    if log.faults or log.others:
        return "no line of a sidecar or a guarded service could be read: nothing could be judged"
    return "no line is JSON: run the sidecar with --log-format json" if log.not_json else "there is no line to judge"


def _page(log: Log, verdicts: Sequence[Verdict]) -> str:
    lines = [f"read  {_read(log)}", "", f"{'PROMISE':<{_WIDTH}}  {'VERDICT':<10}  JUDGED ON"]
    for one in verdicts:
        promise = f"{one.promise}  {PROMISES[one.promise]}"
        lines.append(f"{promise:<{_WIDTH}}  {paint(f'{one.word:<10}', _COLOURS[one.word])}  {_facts(one)}".rstrip())
        lines += [f"    {one.what} not judged: {count}, {why}" for why, count in one.unjudged.items()]
    for one in verdicts:
        lines += _told(one)
    if log.faults:
        lines += ["", "lines that cannot be read", *(f"  {fault}" for fault in log.faults[:_SHOWN])]
        lines += _more(len(log.faults))
    return "\n".join(lines)


def _facts(verdict: Verdict) -> str:
    if verdict.facts:
        return f"{verdict.what}: {verdict.facts}"
    return "" if verdict.unjudged else f"no {verdict.what} in these logs"


def _read(log: Log) -> str:
    counts = {
        "lines": len(log.lines),
        "that tell nothing of this": log.others,
        "not JSON": log.not_json,
        "repeated": log.repeated,
        "that cannot be read": len(log.faults),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "lines")


def _told(verdict: Verdict) -> list[str]:
    if not verdict.violations:
        return []
    lines = ["", paint(f"{verdict.promise} is broken: {PROMISES[verdict.promise]}", RED)]
    for violation in verdict.violations[:_SHOWN]:
        lines += [f"  {violation.text}", *(f"    {line}" for line in columns([_row(line) for line in violation.lines]))]
    return lines + _more(len(verdict.violations))


def _row(line: Line) -> list[str]:
    at, token = f"{line.at_s:.3f} s" if line.at_s else "", f"token {line.token}" if line.token else ""
    return [line.place, at, line.event, name_of(line) or line.resource, token]


def _more(count: int) -> list[str]:
    return [f"  and {count - _SHOWN} more"] if count > _SHOWN else []


def _document(log: Log, verdicts: Sequence[Verdict]) -> str:
    return json.dumps(
        {
            "lines": len(log.lines),
            "other_lines": log.others,
            "not_json": log.not_json,
            "repeated": log.repeated,
            "faults": log.faults,
            "promises": [
                {
                    "promise": one.promise,
                    "text": PROMISES[one.promise],
                    "verdict": one.word,
                    "judged_on": one.facts,
                    "what": one.what,
                    "not_judged": dict(one.unjudged),
                    "violations": [
                        {"text": broken.text, "lines": [line.place for line in broken.lines]}
                        for broken in one.violations
                    ],
                }
                for one in verdicts
            ],
        },
        indent=2,
    )
