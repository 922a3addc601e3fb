"""Owns the command `config`: what a sidecar would run with, from where, and the reference page of all settings."""

import json
import os
from collections.abc import Sequence

from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.cli.terminal import columns
from leader_sidecar.runtime.setting_sources import (
    NO_VALUE,
    Given,
    add_flags,
    gather,
    misspelt,
    unknown_arguments,
)
from leader_sidecar.runtime.settings import SettingsError, settle


def parser() -> Parser:
    """Make the parser of `config`."""
    made = Parser(
        "config",
        "Show every setting, its value and where it came from, as run with the same flags here and now would see it; "
        "exit 2 when run would refuse them.",
        usage="%(prog)s [--show [--json] | --reference] [settings]",
    )
    made.add_argument("--show", action="store_true", help="show the settings (this is what config does anyway)")
    made.add_argument("--json", action="store_true", help="show them as one JSON document")
    made.add_argument("--reference", action="store_true", help="print the reference page of all settings as Markdown")
    add_flags(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Show the settings, or the reference page."""
    made = parser()
    flags, extras = made.parse_known_args(list(argv))
    if flags.reference:
        from leader_sidecar.cli.reference import reference_page

        print(reference_page(), end="")
        return 0
    given = gather(vars(flags), os.environ)
    faults: list[str] = []
    try:
        settle(given, unknown_arguments(made, extras) + misspelt(os.environ))
    except SettingsError as error:
        faults = error.faults
    # Shown even when faulty: where a wrong value came from is what one looks for then.
    print(_document(given, faults) if flags.json else "\n".join(_table(given)), flush=True)
    return tell_faults(made.prog, faults) if faults else 0


def _table(given: Sequence[Given]) -> list[str]:
    rows = [("SETTING", "VALUE", "FROM")]
    rows += [(one.setting.name, _shown(one) or "-", _origin(one)) for one in given]
    return columns(rows)


def _shown(one: Given) -> str:
    return one.text.replace(NO_VALUE, "")


def _origin(one: Given) -> str:
    if one.source == "default" and one.setting.otherwise and one.setting.name != "election":
        return f"default: {one.setting.otherwise}"
    return f"{one.source} {one.where}".rstrip()


def _document(given: Sequence[Given], faults: Sequence[str]) -> str:
    settings = {
        one.setting.name: {"value": _shown(one), "source": str(one.source), "where": one.where or None} for one in given
    }
    return json.dumps({"settings": settings, "faults": list(faults)}, indent=2)
