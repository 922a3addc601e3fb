"""Check every configuration of the model with TLC, and print what was looked at.

PYTHONPATH=tests python -m spec.check               all; exit code 1 when one is not as it has to be
PYTHONPATH=tests python -m spec.check timed faults  these
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence

from spec.configurations import CONFIGURATIONS, Configuration
from spec.tlc import SPEC, Result, TlcFailed, run_tlc

_ROW = "{:23}{:>12}{:>12}{:>7}{:>7}  {}"


def faults_of(configuration: Configuration, result: Result) -> list[str]:
    """Say what is not as it has to be."""
    faults = []
    if result.violated != configuration.breaks:
        expected = f"had to break {configuration.breaks}" if configuration.breaks else "had to break nothing"
        faults.append(f"{configuration.name} {expected}, and broke {result.violated or 'nothing'}")
    if not configuration.breaks and result.left:
        faults.append(f"{configuration.name}: {result.left:,} states were left")
    if result.distinct < configuration.at_least:
        fewer = f"fewer than {configuration.at_least:,}"
        faults.append(f"{configuration.name}: {result.distinct:,} distinct states, {fewer}")
    return faults


def never_taken(taken: Counter[tuple[str, str]]) -> list[str]:
    """Name the actions that no configuration of their module took."""
    return [f"{module}: no configuration takes {action}" for (module, action), times in taken.items() if not times]


def main(names: Sequence[str]) -> int:
    """Check the configurations of these names, or all. Returns: the exit code."""
    chosen = [one for one in CONFIGURATIONS if not names or one.name in names]
    taken: Counter[tuple[str, str]] = Counter()
    faults: list[str] = []
    print(_ROW.format("CONFIGURATION", "DISTINCT", "GENERATED", "DEPTH", "SECONDS", "RESULT"), flush=True)
    for configuration in chosen:
        began = time.monotonic()
        module, config = SPEC / f"{configuration.module}.tla", SPEC / f"{configuration.name}.cfg"
        result = run_tlc(module, config, coverage=configuration.counts_actions)
        for action, times in result.actions.items():
            taken[configuration.module, action] += times
        found = faults_of(configuration, result)
        faults += found
        verdict = f"breaks {result.violated}" if result.violated else "all hold"
        counts = (f"{result.distinct:,}", f"{result.generated:,}", result.depth or "", round(time.monotonic() - began))
        print(_ROW.format(configuration.name, *counts, verdict + (": FAULT" if found else "")), flush=True)
        if found and result.violated:
            print(result.text)
    if not names:
        faults += never_taken(taken)
    print("\nTIMES TAKEN")
    for (module, action), times in taken.items():
        print(f"{times:12,}  {module}: {action}")
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TlcFailed as failed:
        sys.exit(str(failed))
