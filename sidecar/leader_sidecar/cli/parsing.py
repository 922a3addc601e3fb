"""Owns how every command reads its arguments: errors of one line that suggest the nearest flag, help of 100 columns."""

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from leader_sidecar import __version__
from leader_sidecar.runtime.durations import parse_duration
from leader_sidecar.runtime.setting_sources import NO_VALUE, unknown_arguments

HELP_COLUMNS = 100


class HelpFormatter(argparse.HelpFormatter):
    """Keep help within 100 columns, and show a setting's value as required, which it is (its absence is told later)."""

    def __init__(self, prog: str, **others: Any) -> None:
        columns = min(HELP_COLUMNS, shutil.get_terminal_size().columns)
        super().__init__(prog, **{"max_help_position": 32, "width": columns - 2, **others})

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        if action.nargs == "?" and action.const == NO_VALUE:
            return str(action.metavar)
        return super()._format_args(action, default_metavar)


class Parser(argparse.ArgumentParser):
    """Read one command's arguments; what is wrong is told in one line and ends with exit code 2."""

    def __init__(self, command: str, description: str, usage: str | None = None, epilog: str | None = None) -> None:
        super().__init__(
            prog=f"leader-sidecar {command}",
            description=description,
            usage=usage,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=HelpFormatter,
        )
        self.add_argument(
            "--version", action="version", version=f"leader-sidecar {__version__}", help="show the version and exit"
        )

    def error(self, message: str) -> NoReturn:
        """Tell the message in one line and exit with 2."""
        self.exit(2, f"{self.prog}: {message}\n")

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """Read the arguments of a command without settings; unknown ones are told with what may have been meant."""
        arguments, extras = self.parse_known_args(list(argv))
        if extras:
            self.exit(2, "".join(f"{self.prog}: {fault}\n" for fault in unknown_arguments(self, extras)))
        return arguments


def typed(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let argparse show the sentence of a reader that raises `ValueError`, which it would hide."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except ValueError as fault:
            raise argparse.ArgumentTypeError(f"{text!r} {fault}") from None

    return convert


duration = typed(parse_duration)


def tell_faults(prog: str, faults: Sequence[str]) -> int:
    """Write one line a fault to standard error.

    Returns:
        2, the exit code for wrong usage and configuration.
    """
    for fault in faults:
        print(f"{prog}: {fault}", file=sys.stderr)
    return 2
