"""A client-go elector stands on the same Lease: each follows the other, and nobody leads beside anybody."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.candidates import Candidate, Place
from bench.elector import ElectorMissing, find_elector
from bench.figures import CLIENT_GO
from bench.overlap import side_by_side_s
from bench.witness import Witness
from process.conftest import ELECTION, Start
from process.servers import Server, leases
from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess, wait_for

pytestmark = pytest.mark.apiserver

CLIENT_GO_LEASE_S = 15.0
CLIENT_GO_RETRY_S = 2.0 * 2.2  # it looks again after the retry period, and up to 1.2 of it more
TOKEN = "leader-sidecar.io/fencing-token"


@pytest.fixture
def client_go(kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Candidate]:
    """Give a client-go elector in its default configuration, not yet started."""
    try:
        find_elector()
    except ElectorMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    candidate = Candidate(CLIENT_GO, "client-go", Place(kubeconfig, "candidate", namespace, ELECTION), tmp_path)
    yield candidate
    candidate.process.kill()


@contextlib.contextmanager
def watched(client_go: Candidate, group: Group) -> Iterator[None]:
    """Ask everybody who leads, and judge that nobody led beside anybody.

    Raises: AssertionError where two did.
    """
    sidecars = [seen_as_candidate(one, client_go) for one in group.sidecars]
    with Witness([client_go, *sidecars]) as witness:
        yield
    assert len(witness.leaders()) >= 2, f"only {witness.leaders()} led"
    assert side_by_side_s(witness.answers) == 0.0
    print(f"{len(witness.answers)} answers, leaders {witness.leaders()}")


def seen_as_candidate(sidecar: SidecarProcess, like: Candidate) -> Candidate:
    """Give the benchmark's view of a sidecar that runs."""
    candidate = object.__new__(Candidate)
    candidate.kind, candidate.name, candidate.place = "sidecar", sidecar.pod_name, like.place
    candidate.port, candidate.process = sidecar.port, sidecar.process
    return candidate


def test_sidecars_follow_client_go_and_it_follows_them(
    client_go: Candidate, start: Start, server: Server, namespace: str
) -> None:
    client_go.start()
    wait_for(lambda: client_go.leads, CLIENT_GO_RETRY_S + MARGIN_S, "client-go leads")
    group = Group([start("payouts-0"), start("payouts-1")])
    with watched(client_go, group):
        named = wait_for(lambda: group.sidecars[0].document()["leader"], MARGIN_S, "the sidecars know the leader")
        assert named["name"] == "client-go"
        time.sleep(2 * D_S)  # longer than the sidecars' own lease duration: the record's counts
        assert client_go.leads
        client_go.process.stop()
        # Its release is an empty holder without our mark, which proves nothing: the lease has to run out.
        first = group.leader(CLIENT_GO_LEASE_S + MARGIN_S)
        before = first.token
        client_go.start()
        time.sleep(CLIENT_GO_RETRY_S)
        assert not client_go.leads
        for one in group.sidecars:
            one.process.pause()
        # It counts its own lease duration from when it first saw the record.
        wait_for(lambda: client_go.leads, CLIENT_GO_LEASE_S + 2 * CLIENT_GO_RETRY_S, "client-go took over")
        for one in group.sidecars:
            one.process.resume()
        time.sleep(D_S)
        assert not any(one.leads for one in group.sidecars)
        shown = server.request("GET", leases(namespace, ELECTION))
        assert shown["metadata"]["annotations"][TOKEN] == str(before), "client-go kept what it does not know"
        client_go.process.kill()
        assert group.leader(CLIENT_GO_LEASE_S + MARGIN_S).token > before
