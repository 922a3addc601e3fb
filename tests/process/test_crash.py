"""A crash anywhere in a sidecar ends its leadership and its process, and somebody else leads."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from process.conftest import Start
from process.crashing_sidecar import PARTS
from process.poller import Poller
from process.sidecars import D_S, MARGIN_S, Group

CRASHING = (sys.executable, str(Path(__file__).with_name("crashing_sidecar.py")))


@pytest.mark.parametrize("part", PARTS)
def test_a_crashed_part_ends_leadership_and_the_process(start: Start, part: str) -> None:
    old = start("payouts-0", program=[*CRASHING, part])
    Group([old]).leader(D_S + MARGIN_S)
    other = start("payouts-1")
    group = Group([old, other])
    with Poller(group.ports) as poller:
        time.sleep(2.0)
        old.process.signal(signal.SIGUSR1)
        # Something has to come along; the leader's own renewal does.
        assert old.process.wait(5.0) == 1
        group.leader(D_S + MARGIN_S, other_than=old)
        time.sleep(5.0)
    poller.verdict()
    (crash,) = old.events("crashed")
    assert "crashed on purpose" in crash["reason"]
    assert crash["level"] == "error"
