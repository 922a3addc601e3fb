"""Owns the command `operator`: read its settings, then hand over to the process that keeps elections as a resource."""

import os
from collections.abc import Sequence

from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.operator.settings import OPERATOR_SETTINGS, settle
from leader_sidecar.runtime.setting_sources import add_flags, gather, misspelt, unknown_arguments
from leader_sidecar.runtime.settings import SettingsError


def parser() -> Parser:
    """Make the parser of `operator`."""
    made = Parser(
        "operator",
        "Keep LeaderElections: their Leases, the rights on them, and the label on the leader's pod. Needs kopf "
        "(pip install 'leader-sidecar[operator]'); of several replicas one acts.",
        epilog="Each setting is also an environment variable: --log-level is LEADER_SIDECAR_LOG_LEVEL; the flag wins.",
    )
    add_flags(made, OPERATOR_SETTINGS)
    return made


def main(argv: Sequence[str]) -> int:
    """Run an operator; faults in its settings are all told at once."""
    made = parser()
    flags, extras = made.parse_known_args(list(argv))
    given = gather(vars(flags), os.environ, settings=OPERATOR_SETTINGS)
    try:
        settings = settle(given, unknown_arguments(made, extras) + misspelt(os.environ, OPERATOR_SETTINGS))
    except SettingsError as error:
        return tell_faults(made.prog, error.faults)
    try:
        from leader_sidecar.operator.main import run
    except ModuleNotFoundError as error:
        if error.name != "kopf":
            raise
        return tell_faults(made.prog, ["kopf is not installed: pip install 'leader-sidecar[operator]'"])
    return run(settings)
