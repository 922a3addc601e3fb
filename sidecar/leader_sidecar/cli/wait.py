"""Owns the command `wait`: wait until this pod leads; for entry points of apps that start their work only then."""

import sys
import time
from collections.abc import Callable, Sequence

from leader_sidecar.cli.asking import Refused, Sidecar, Unreachable, add_election, add_url
from leader_sidecar.cli.parsing import Parser, duration
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.durations import format_duration

_LONGEST_POLL_S = 30.0
_PAUSE_S = 0.25


def parser() -> Parser:
    """Make the parser of `wait`."""
    made = Parser(
        "wait",
        "Wait until this pod leads, then print its fencing token and exit 0; exit 1 when the time is up, "
        "2 when no sidecar could be asked. A sidecar that is still starting is asked again until the time is up.",
    )
    made.add_argument(
        "--timeout", type=duration, default=60.0, metavar="DURATION", help="how long to wait at most (default 60s)"
    )
    add_election(made)
    add_url(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Wait."""
    made = parser()
    flags = made.read(argv)
    try:
        return _wait(flags.url, flags.election, flags.timeout, Clock().now_s, made.prog)
    except (Unreachable, Refused) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 2


def _wait(sidecar: Sidecar, election: str | None, timeout_s: float, now_s: Callable[[], float], prog: str) -> int:
    deadline_s = now_s() + timeout_s
    index: int | None = None
    told = False
    while True:
        left_s = deadline_s - now_s()
        try:
            document = sidecar.answer(election, index, min(max(left_s, 0.0), _LONGEST_POLL_S))
        except Unreachable as error:
            if left_s <= 0:
                raise
            if not told:
                print(f"{prog}: {error}; trying again for {format_duration(round(left_s, 1))}", file=sys.stderr)
            told, index = True, None
            time.sleep(min(_PAUSE_S, left_s))
            continue
        if document["isLeader"]:
            print(document["token"])
            return 0
        if left_s <= 0:
            leader = (document.get("leader") or {}).get("name") or "nobody known"
            print(f"{prog}: not leading after {format_duration(timeout_s)}; leader: {leader}", file=sys.stderr)
            return 1
        if document["index"] == index:
            time.sleep(min(_PAUSE_S, left_s))  # answered early without news: no reason to ask without pause
        index = document["index"]
