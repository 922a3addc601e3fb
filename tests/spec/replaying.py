"""Owns how recorded runs are written as TLA+ and given to TLC, to be checked as behaviours of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec.recorder import NOBODY, SOMEBODY, Run, Step
from spec.tlc import run_tlc

_CONFIG = """SPECIFICATION ReplaySpec
CONSTANTS
    Candidates <- RecordedCandidates
    Resources <- RecordedResources
    Runs <- RecordedRuns
    None = None
    Nobody = Nobody
    Somebody = Somebody
    Strangers = {}
    MaxVersion = 0
    MaxRestarts = 0
    MaxUnderWay = 0
    MaxTries = 1000
INVARIANTS
    I2_TokenOrder
    I4_ProvedFirst
    I6_NothingBelow
    I7_OwnRecordOnly
    I8_SeenIsOver
PROPERTIES
    I3_TokenStays
    I5_AcceptedNeverFall
"""


@dataclass(frozen=True)
class Replayed:
    """What the model said of runs.

    Args:
        steps: that it took, all runs together.
        deepest: how many it took of the run of which it took most.
        violated: the promise that one of them broke, "" for none.
    """

    steps: int
    deepest: int
    violated: str


def replay(runs: Sequence[Run], folder: Path) -> Replayed:
    """Let TLC take every step of these runs, as far as each is a step of the model."""
    module = folder / "Recorded.tla"
    module.write_text(_module(runs))
    config = folder / "Recorded.cfg"
    config.write_text(_CONFIG)
    result = run_tlc(module, config, workers=1)
    return Replayed(result.distinct - len(runs), result.depth - 1, result.violated)


def _module(runs: Sequence[Run]) -> str:
    steps = [step for run in runs for step in run.steps]
    candidates = {step["who"] for step in steps if "who" in step}
    resources = {step["resource"] for step in steps if "resource" in step}
    told = ",\n".join(
        "  <<\n    " + ",\n    ".join(_value(step) for step in _said(run.steps)) + "\n  >>" for run in runs
    )
    return (
        "---- MODULE Recorded ----\nEXTENDS Replay\n"
        f"RecordedCandidates == {_value(frozenset(candidates))}\n"
        f"RecordedResources == {_value(frozenset(resources))}\n"
        f"RecordedRuns == <<\n{told}\n>>\n====\n"
    )


def _said(steps: Sequence[Step]) -> list[Step]:
    """Say each step as the model needs it: it numbers attempts by itself, and forgets what no later hint shows."""
    said: list[Step] = []
    oldest = max((step["version"] for step in steps if "version" in step), default=0) + 1
    for step in reversed(steps):
        told = {key: value for key, value in step.items() if key != "stamp" or step["do"] == "TakeEffect"}
        said.append({**told, "oldest": oldest})
        if step["do"] == "WatchShows":
            oldest = min(oldest, step["version"])
    return said[::-1]


def _value(value: Any) -> str:
    """Write a value as TLA+."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dict):
        return "[" + ", ".join(f"{key} |-> {_value(item)}" for key, item in value.items()) + "]"
    if isinstance(value, tuple):
        return "<<" + ", ".join(map(_value, value)) + ">>"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(_value, value))) + "}"
    if isinstance(value, str) and value not in (NOBODY, SOMEBODY):
        return f'"{value}"'
    return str(value)
