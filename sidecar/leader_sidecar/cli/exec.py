"""Owns the command `exec`: run a program that knows nothing of leadership, only while this pod leads."""

import sys
from collections.abc import Sequence

from leader_sidecar.cli.asking import add_election, add_url
from leader_sidecar.cli.parsing import Parser, duration

_USAGE = "leader-sidecar exec [flags] -- COMMAND [ARGUMENT ...]"


def parser() -> Parser:
    """Make the parser of `exec`."""
    made = Parser(
        "exec",
        "Wait until this pod leads, then run COMMAND with LEADER_TOKEN, LEADER_ELECTION and LEADER_URL in its "
        "environment, and exit with its code. It gets SIGTERM when the term is lost or about to end, and its process "
        "group SIGKILL when the term's validity ends at the latest. Signals are passed on to it.",
        usage=_USAGE,
    )
    made.add_argument("-n", "--no-wait", action="store_true", help="do not wait: exit 75 when this pod does not lead")
    made.add_argument("--restart", action="store_true", help="when the term ended the command, run it in the next one")
    made.add_argument(
        "--stop-grace",
        type=duration,
        default=2.0,
        metavar="DURATION",
        help="how long before the end of validity the command is told to stop (default 2s)",
    )
    add_election(made)
    add_url(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Run the command in a term."""
    made = parser()
    flags, command = list(argv), []
    if "--" in flags:
        at = flags.index("--")
        flags, command = flags[:at], flags[at + 1 :]
    read = made.read(flags)
    if not command:
        made.error("no command to run: write it after --, as in: leader-sidecar exec -- python3 job.py")

    from leader_sidecar.fencing.watchdog import Watchdog

    # Forked first, while this process is small and has no other thread.
    watchdog = Watchdog()
    try:
        import asyncio

        from leader_sidecar.fencing.command import TermCommand

        def say(line: str) -> None:
            print(f"{made.prog}: {line}", file=sys.stderr, flush=True)

        running = TermCommand(command, read.url.url, read.election, read.stop_grace, say, watchdog)
        return asyncio.run(running.run(at_once=read.no_wait, restart=read.restart))
    finally:
        watchdog.close()
