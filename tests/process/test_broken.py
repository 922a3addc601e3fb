"""The checks are worth something: sidecars that are broken on purpose make each of them fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from process.conftest import Start
from process.poller import Poller
from process.sidecars import D_S, MARGIN_S, Group
from process.survival import survives

BROKEN = (sys.executable, str(Path(__file__).with_name("broken_sidecar.py")))
TERM_S = D_S + MARGIN_S


def broken_group(start: Start, how: str, count: int = 3) -> Group:
    """Start sidecars that are broken so."""
    return Group([start(f"payouts-{number}", program=(*BROKEN, how)) for number in range(count)])


def freeze_the_leader(group: Group) -> None:
    """Freeze it until another leads, and wake it."""
    old = group.leader(TERM_S)
    time.sleep(1.0)
    old.process.pause()
    group.leader(TERM_S, other_than=old)
    time.sleep(2.0)
    old.process.resume()
    time.sleep(2.0)


@pytest.mark.parametrize("how", ["remembers", "counts_backwards", "tells_one_token"])
def test_a_sidecar_that_lies_is_found_out_by_the_poller(start: Start, how: str) -> None:
    group = broken_group(start, how)
    with Poller(group.ports) as poller:
        freeze_the_leader(group)
    with pytest.raises(AssertionError, match="overlap"):
        poller.verdict()


def resign(group: Group) -> None:
    """Let the leader resign, and judge whether somebody leads again."""
    with survives(group):
        leader = group.leader(TERM_S)
        assert leader.get("/leader/resign", method="POST")[0] == 202
        time.sleep(2 * D_S)


def test_a_sidecar_that_does_not_lead_again_is_found_out(start: Start) -> None:
    with pytest.raises(AssertionError, match="nobody leads in the end"):
        resign(broken_group(start, "leads_once", count=1))


def test_a_sidecar_that_leads_again_is_not(start: Start) -> None:
    resign(Group([start("payouts-0")]))


def test_a_poller_that_hardly_asked_gives_no_verdict(start: Start) -> None:
    one = start("payouts-0")
    with Poller({"payouts-0": one.port}) as poller:
        time.sleep(0.5)
    with pytest.raises(AssertionError, match=r"only .* polls"):
        poller.verdict()
