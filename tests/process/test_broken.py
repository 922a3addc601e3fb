"""The checks are worth something: sidecars that are broken on purpose make each of them fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from process.conftest import Start
from process.poller import Poller
from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess, wait_for
from process.survival import judge_logs, logs_agree, survives

BROKEN = (sys.executable, str(Path(__file__).with_name("broken_sidecar.py")))
TERM_S = D_S + MARGIN_S


def broken_group(start: Start, how: str, count: int = 3) -> Group:
    """Start sidecars that are broken so."""
    return Group([start(f"payouts-{number}", program=(*BROKEN, how)) for number in range(count)])


def freeze_the_leader(group: Group) -> SidecarProcess:
    """Freeze it until another leads, and wake it. Returns: whom."""
    old = group.leader(TERM_S)
    time.sleep(1.0)
    old.process.pause()
    group.leader(TERM_S, other_than=old)
    time.sleep(2.0)
    old.process.resume()
    time.sleep(2.0)
    return old


@pytest.mark.parametrize(
    ("how", "promise"), [("remembers", "I8"), ("counts_backwards", "I2"), ("tells_one_token", "I2")]
)
def test_a_sidecar_that_lies_is_found_out_by_the_poller_and_by_its_log(start: Start, how: str, promise: str) -> None:
    group = broken_group(start, how)
    with Poller(group.ports) as poller:
        old = freeze_the_leader(group)
    with pytest.raises(AssertionError, match="overlap"):
        poller.verdict()
    # Who is told of another leader as it wakes tells nothing more, and a log that ends so is no proof: it leads again.
    for one in group.others(old):
        one.process.stop()
    wait_for(lambda: len(old.events("became_leader")) == 2, TERM_S, "it leads again")
    assert promise in {one.promise for one in judge_logs(group) if one.violations}


def test_a_sidecar_that_waits_too_short_is_found_out_by_the_logs(start: Start) -> None:
    group = broken_group(start, "takes_over_early", count=2)
    old = group.leader(TERM_S)
    old.process.pause()
    group.leader(D_S, other_than=old)
    old.process.resume()
    wait_for(lambda: old.events("stopped_leading"), MARGIN_S, "the old leader stops")
    assert "I1" in {one.promise for one in judge_logs(group) if one.violations}
    with pytest.raises(AssertionError, match="in the logs, the first: I1: payouts-"):
        logs_agree(group)


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
