"""The wall clock steps by a year under a running sidecar (libfaketime): the election does not depend on it."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from process.conftest import Start
from process.sidecars import D_S, MARGIN_S, Group
from process.survival import survives

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
TERM_S = D_S + MARGIN_S


@pytest.fixture
def library() -> Path:
    """Find libfaketime; under CI it is there."""
    if not LIBRARIES and not os.environ.get("CI"):
        pytest.skip("libfaketime is missing: apt-get install faketime")
    return LIBRARIES[0]


class WallClock:
    """The wall clock of one process, and of nothing else: its boottime clock goes on as ever."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.step("+0")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, offset: str) -> None:
        """Let it show the true time and this offset."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(self._file)


@pytest.fixture
def clocks(library: Path, tmp_path: Path) -> list[WallClock]:
    """Give three wall clocks."""
    return [WallClock(library, tmp_path / f"clock-{number}") for number in range(3)]


@pytest.fixture
def group(start: Start, clocks: list[WallClock]) -> Group:
    """Give three sidecars of one election, each with the wall clock of its place in the list."""
    return Group([start(f"payouts-{n}", environment=clock.environment) for n, clock in enumerate(clocks)])


@pytest.mark.parametrize("offset", ["+1y", "-1y"])
def test_a_leaders_wall_clock_steps_by_a_year(clocks: list[WallClock], group: Group, offset: str) -> None:
    with survives(group):
        old = group.leader(TERM_S)
        before = old.token
        clocks[group.sidecars.index(old)].step(offset)
        time.sleep(2 * D_S)
        assert old.token == before, "its term has ended"
        old.process.stop()
        assert group.leader(TERM_S, other_than=old).token > before
    told = [datetime.fromisoformat(line["time"]) for line in old.lines()]
    assert abs(told[-1] - told[0]) > timedelta(days=364), "its wall clock did not step"


@pytest.mark.parametrize("offset", ["+1y", "-1y"])
def test_a_followers_wall_clock_steps_by_a_year(clocks: list[WallClock], group: Group, offset: str) -> None:
    with survives(group):
        old = group.leader(TERM_S)
        before = old.token
        for sidecar, clock in zip(group.sidecars, clocks, strict=True):
            if sidecar is not old:
                clock.step(offset)
        time.sleep(2 * D_S)
        assert old.token == before, "somebody took over"
        old.process.kill()
        assert group.leader(TERM_S, other_than=old).token > before
