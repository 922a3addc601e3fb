"""Owns the command `check`: does this pod lead, as an exit code; for scripts and exec probes."""

import sys
from collections.abc import Sequence

from leader_sidecar.cli.asking import Refused, Sidecar, Unreachable, add_election, add_url, leader_path
from leader_sidecar.cli.parsing import Parser, duration
from leader_sidecar.core.token import parse_token
from leader_sidecar.runtime.durations import format_duration


def parser() -> Parser:
    """Make the parser of `check`."""
    made = Parser(
        "check",
        "Exit 0 and print the fencing token when this pod leads, 1 when it does not, 2 when nobody could say.",
    )
    made.add_argument(
        "--min-valid", type=duration, default=0.0, metavar="DURATION", help="leads for at least this long (default 0s)"
    )
    add_election(made)
    add_url(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Ask once."""
    made = parser()
    flags = made.read(argv)
    try:
        return _check(flags.url, flags.election, flags.min_valid)
    except (Unreachable, Refused) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 2


def _check(sidecar: Sidecar, election: str | None, min_valid_s: float) -> int:
    query = f"?minValid={format_duration(min_valid_s)}" if min_valid_s else ""
    reply = sidecar.get(f"{leader_path(election)}/check{query}")
    if reply.status == 503:
        return 1
    if reply.status != 200:
        raise sidecar.refusal(reply)
    token = parse_token(reply.text.strip())
    if not token:
        raise sidecar.stranger(reply)
    print(token)
    return 0
