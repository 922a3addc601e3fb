"""The API server is away: for 3 s, for 8 s, for longer than a lease lasts, and for good until it is started again.

The timings are the sidecar's own, lease 15 s, renew deadline 10 s, renew interval 5 s.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from cluster.processes import Process
from process.conftest import ELECTION, Start
from process.servers import Server, leases
from process.sidecars import D_S, MARGIN_S, Group, wait_for
from process.survival import survives

LEASE_S = 15.0
RENEW_DEADLINE_S = 10.0
RENEW_INTERVAL_S = 5.0
BACK_S = 3.0


@pytest.fixture
def patient(start: Start) -> Group:
    """Give three sidecars with default timings."""
    return Group([start(f"payouts-{number}", settings=()) for number in range(3)])


@pytest.fixture
def just_before_a_renewal(server: Server, namespace: str) -> Any:
    """Give an action that waits until the record is as old as it gets."""

    def wait() -> None:
        def age_s() -> float:
            spec = server.request("GET", leases(namespace, ELECTION))["spec"]
            return (datetime.now(UTC) - datetime.fromisoformat(spec["renewTime"])).total_seconds()

        wait_for(lambda: age_s() < 0.5, RENEW_INTERVAL_S + MARGIN_S, "a renewal")
        wait_for(lambda: age_s() > RENEW_INTERVAL_S - 0.6, RENEW_INTERVAL_S + MARGIN_S, "the next one is near")

    return wait


def test_three_seconds_are_not_noticed(patient: Group, server: Server, just_before_a_renewal: Any) -> None:
    with survives(patient):
        old = patient.leader(LEASE_S + MARGIN_S)
        before = old.token
        just_before_a_renewal()
        away(server, 3.0)
        time.sleep(BACK_S)
        assert old.token == before


def test_eight_seconds_end_the_term_and_begin_another_of_the_same_sidecar(
    patient: Group, server: Server, just_before_a_renewal: Any
) -> None:
    with survives(patient) as poller:
        old = patient.leader(LEASE_S + MARGIN_S)
        before = old.token
        just_before_a_renewal()
        gone_s = time.monotonic()
        away(server, 8.0)
        back_s = time.monotonic()
        new = patient.leader(BACK_S)
        print(f"back to leading {time.monotonic() - back_s:.2f} s")
        assert new is old
        assert new.token > before
    last_s = max(one.sent_s for one in poller.seen if one.token == before)
    assert last_s - gone_s < RENEW_DEADLINE_S - RENEW_INTERVAL_S + MARGIN_S, "it led for too long"
    assert {one.who for one in poller.seen if one.token} == {old.pod_name}, "somebody else led"


def test_longer_than_a_lease_and_somebody_leads_soon_after(patient: Group, server: Server) -> None:
    with survives(patient):
        before = patient.leader(LEASE_S + MARGIN_S).token
        away(server, LEASE_S + 5.0)
        assert not any(one.leads for one in patient.sidecars)
        back_s = time.monotonic()
        new = patient.leader(BACK_S)
        print(f"back to leading {time.monotonic() - back_s:.2f} s")
        assert new.token > before


@pytest.mark.apiserver
@pytest.mark.parametrize("name", ["server", "etcd"])
def test_an_api_server_or_its_etcd_that_is_killed_and_started_again(
    group: Group, apiserver: ApiServer, name: str
) -> None:
    killed: Process = getattr(apiserver, name)
    with survives(group):
        before = group.leader(D_S + MARGIN_S).token
        killed.kill()
        wait_for(lambda: not any(one.leads for one in group.sidecars), D_S, "nobody leads")
        killed.start()
        apiserver.wait_ready()
        assert group.leader(D_S + MARGIN_S).token > before


def test_sigterm_while_a_request_hangs_ends_within_the_grace_period(group: Group, server: Server) -> None:
    with survives(group):
        old = group.leader(D_S + MARGIN_S)
        before = old.token
        server.process.pause()
        try:
            time.sleep(0.6)  # a renewal is under way
            stopped_s = time.monotonic()
            old.process.stop()
            took_s = time.monotonic() - stopped_s
        finally:
            server.process.resume()
        print(f"SIGTERM to end {took_s:.2f} s")
        assert took_s < 5.0 + MARGIN_S
        assert group.leader(D_S + MARGIN_S, other_than=old).token > before


def away(server: Server, seconds: float) -> None:
    """Freeze the API server: connections stay open, and nobody answers."""
    server.process.pause()
    try:
        time.sleep(seconds)
    finally:
        server.process.resume()
