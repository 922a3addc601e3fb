"""Owns how a recorded run is written as TLA+ and given to TLC, to be checked as a behaviour of the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec.recorder import NOBODY, SOMEBODY, Run, Step
from spec.tlc import run_tlc

_CONFIG = """SPECIFICATION ReplaySpec
CONSTANTS
    Candidates <- RecordedCandidates
    Resources <- RecordedResources
    Run <- RecordedRun
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
    """What the model said of a run.

    Args:
        steps: that it took.
        violated: the promise that one of them broke, "" for none.
    """

    steps: int
    violated: str


def replay(run: Run, folder: Path) -> Replayed:
    """Let TLC take every step of a run, as far as each is a step of the model."""
    module = folder / "Recorded.tla"
    module.write_text(_module(run))
    config = folder / "Recorded.cfg"
    config.write_text(_CONFIG)
    result = run_tlc(module, config, workers=1)
    return Replayed(result.depth - 1, result.violated)


def _module(run: Run) -> str:
    candidates = {step["who"] for step in run.steps if "who" in step}
    resources = {step["resource"] for step in run.steps if "resource" in step}
    told = ",\n".join(f"  {_value(_said(step))}" for step in run.steps)
    return (
        "---- MODULE Recorded ----\nEXTENDS Replay\n"
        f"RecordedCandidates == {_value(frozenset(candidates))}\n"
        f"RecordedResources == {_value(frozenset(resources))}\n"
        f"RecordedRun == <<\n{told}\n>>\n====\n"
    )


def _said(step: Step) -> Step:
    """Leave out what only the recorder needs: the model numbers attempts by itself."""
    return {key: value for key, value in step.items() if key != "stamp" or step["do"] == "TakeEffect"}


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
