"""Owns the command `run`: read the settings, then hand over to the process that stands for election."""

import os
from collections.abc import Sequence

from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.runtime.setting_sources import add_flags, gather, misspelt, unknown_arguments
from leader_sidecar.runtime.settings import SettingsError, settle


def parser() -> Parser:
    """Make the parser of `run`."""
    made = Parser(
        "run",
        "Stand for election and answer on localhost:8080/leader, until SIGTERM or SIGINT.",
        usage="%(prog)s --election [NAMESPACE/]NAME [settings]",
        epilog="Each setting is also an environment variable: --lease-duration is LEADER_SIDECAR_LEASE_DURATION; "
        "the flag wins. Durations are written 500ms, 15s or 2m. "
        "leader-sidecar config --show says what a process would run with.",
    )
    add_flags(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Run a sidecar; faults in its settings are all told at once."""
    made = parser()
    flags, extras = made.parse_known_args(list(argv))
    try:
        settings = settle(gather(vars(flags), os.environ), unknown_arguments(made, extras) + misspelt(os.environ))
    except SettingsError as error:
        return tell_faults(made.prog, error.faults)
    # Imported here: `run --help` and faults need neither asyncio nor aiohttp.
    from leader_sidecar.runtime.main import run

    return run(settings)
