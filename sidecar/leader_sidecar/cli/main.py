"""Owns the command `leader-sidecar`: which commands there are, and how one of them ends.

Nothing is imported here that a sidecar in a pod would pay for: no asyncio, no aiohttp, not even argparse.
"""

import os
import sys
from collections.abc import Sequence

from leader_sidecar import __version__

COMMANDS = {
    "run": "stand for election and answer on localhost:8080/leader",
    "status": "show who leads each election of a sidecar",
    "wait": "wait until this pod leads, then print its fencing token",
    "check": "exit 0 when this pod leads, 1 when not, 2 when unknown",
    "config": "show every setting, its value and where it came from",
    "plan": "show what a choice of timings costs and tolerates",
    "doctor": "find what is wrong around a sidecar, and the command that mends it",
    "exec": "run a program only while this pod leads",
    "verify-log": "check what the logs of a run tell against the promises",
    "operator": "keep elections as a resource of the cluster, and label leaders",
    "lab": "elections in virtual time: thousands of runs under faults, or one to look at",
    "devserver": "serve Leases from memory, for development and tests",
    "completion": "print a completion script for bash, zsh or fish",
}
SUMMARY = "Leader election for Kubernetes pods, with a fencing token over HTTP for any language."

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # as shells report an end by SIGINT
EXIT_BROKEN_PIPE = 141  # as shells report an end by SIGPIPE; not 1, which means "no" here


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: what stands after `leader-sidecar`; None for this process's own.

    Returns:
        The exit code: 0 yes or done, 1 no or failed, 2 wrong usage or could not be asked, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; what is still buffered must not raise once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_BROKEN_PIPE
    return code


def _dispatch(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if name == "help":
        name, rest = (rest[0], ["--help"]) if rest else ("--help", [])
    if name in COMMANDS:
        return _command(name, rest)
    if name in ("-h", "--help"):
        print(_help())
        # No command at all is wrong usage: a container without arguments must not look as if it had done its work.
        return 0 if arguments else EXIT_USAGE
    if name in ("-V", "--version"):
        print(f"leader-sidecar {__version__}")
        return 0
    return _unknown(name)


def _command(name: str, rest: list[str]) -> int:
    from importlib import import_module

    try:
        return int(import_module(module_of(name)).main(rest))
    except SystemExit as ending:
        # argparse ends --help, --version and wrong usage this way.
        return ending.code if isinstance(ending.code, int) else 0 if ending.code is None else 1


def module_of(command: str) -> str:
    """Name the module that holds a command."""
    return f"leader_sidecar.cli.{command.replace('-', '_')}"


def _help() -> str:
    width = max(len(name) for name in (*COMMANDS, "-V, --version")) + 2
    lines = [f"  {name:<{width}}{line}" for name, line in COMMANDS.items()]
    return "\n".join(
        [
            "usage: leader-sidecar COMMAND [flags]",
            "",
            SUMMARY,
            "",
            "commands:",
            *lines,
            "",
            "flags:",
            f"  {'-h, --help':<{width}}show this help; leader-sidecar COMMAND --help shows a command's",
            f"  {'-V, --version':<{width}}show the version",
        ]
    )


def _unknown(name: str) -> int:
    from leader_sidecar.runtime.suggestions import nearest

    kind = "flag" if name.startswith("-") else "command"
    near = nearest(name, [*COMMANDS, "--help", "--version"])
    hint = f"did you mean {near}?" if near else "see leader-sidecar --help"
    print(f"leader-sidecar: unknown {kind} {name!r}: {hint}", file=sys.stderr)
    return EXIT_USAGE
