"""The checks are worth something: a sidecar that is broken on purpose makes them fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from process.conftest import Start
from process.poller import Poller
from process.sidecars import Group
from process.test_failover import D_S, MARGIN_S, ports

BROKEN = (sys.executable, str(Path(__file__).with_name("broken_sidecar.py")))


def test_a_sidecar_that_remembers_its_answer_is_found_out_by_the_poller(start: Start) -> None:
    group = Group([start(f"payouts-{number}", program=BROKEN) for number in range(3)])
    with Poller(ports(group)) as poller:
        old = group.leader(D_S + MARGIN_S)
        time.sleep(1.0)
        old.process.pause()
        group.leader(D_S + MARGIN_S, other_than=old)
        time.sleep(2.0)
        old.process.resume()
        time.sleep(2.0)
    with pytest.raises(AssertionError, match="overlap"):
        poller.verdict()


def test_a_poller_that_hardly_asked_gives_no_verdict(start: Start) -> None:
    one = start("payouts-0")
    with Poller({"payouts-0": one.port}) as poller:
        time.sleep(0.5)
    with pytest.raises(AssertionError, match=r"only .* polls"):
        poller.verdict()
