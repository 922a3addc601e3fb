"""Owns the command `completion`: scripts that let a shell complete commands and flags."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from leader_sidecar.cli.main import COMMANDS, SUMMARY, module_of
from leader_sidecar.cli.parsing import Parser

SHELLS = ("bash", "zsh", "fish")


def parser() -> Parser:
    """Make the parser of `completion`."""
    made = Parser(
        "completion",
        "Print a completion script, for example: source <(leader-sidecar completion bash). "
        "It needs the extra: pip install 'leader-sidecar[completion]'.",
    )
    made.add_argument("shell", choices=SHELLS, help="for which shell")
    return made


def main(argv: Sequence[str]) -> int:
    """Print the script."""
    made = parser()
    shell = made.read(argv).shell
    try:
        import shtab
    except ImportError:
        print(f"{made.prog}: shtab is not installed: pip install 'leader-sidecar[completion]'", file=sys.stderr)
        return 2
    if shell not in shtab.SUPPORTED_SHELLS:
        print(f"{made.prog}: this shtab knows no {shell}: pip install --upgrade shtab", file=sys.stderr)
        return 2
    print(shtab.complete(whole_parser(), shell))
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """Make one parser of all commands, each a subcommand; this imports them all."""
    whole = argparse.ArgumentParser(prog="leader-sidecar", description=SUMMARY)
    whole.add_argument("--version", action="version", version="", help="show the version and exit")
    commands = whole.add_subparsers(metavar="COMMAND")
    for name, line in COMMANDS.items():
        made: argparse.ArgumentParser = import_module(module_of(name)).parser()
        commands.add_parser(name, help=line, parents=[made], add_help=False)
    return whole
