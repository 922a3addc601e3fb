"""What the kubelet is told."""

from __future__ import annotations

import pytest

from leader_sidecar.serving.view import Health
from serving.client import ask
from serving.conftest import Serve
from serving.election import FakeElection


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/livez?verbose", "/readyz?verbose=1"])
async def test_all_well_is_200_ok(probe_port: int, path: str) -> None:
    answer = await ask(probe_port, path)
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (200, b"ok\n", "no-store")


async def test_a_probe_is_answered_whatever_host_it_names(probe_port: int) -> None:
    assert (await ask(probe_port, "/livez", Host="10.1.2.3:8081")).status == 200


async def test_a_driver_that_is_stuck_is_not_live(probe_port: int, election: FakeElection) -> None:
    election.state = Health(live=False, ready=True, reason="no timer was handled for 36 s")
    answer = await ask(probe_port, "/livez")
    assert (answer.status, answer.body) == (503, b"default/payouts: no timer was handled for 36 s\n")
    assert (await ask(probe_port, "/readyz")).status == 200


async def test_an_api_that_refuses_makes_it_unready_and_not_dead(probe_port: int, election: FakeElection) -> None:
    election.state = Health(live=True, ready=False, reason="may not update leases: forbidden")
    assert (await ask(probe_port, "/livez")).status == 200
    answer = await ask(probe_port, "/readyz")
    assert (answer.status, answer.body) == (503, b"default/payouts: may not update leases: forbidden\n")


async def test_one_election_in_trouble_is_told_with_its_name(serve: Serve) -> None:
    well, unwell = FakeElection("default/payouts"), FakeElection("default/reports")
    unwell.state = Health(live=False, ready=False, reason="stuck")
    probe_port = (await serve(well, unwell)).probe_port
    for path in ("/livez", "/readyz"):
        assert (await ask(probe_port, path)).body == b"default/reports: stuck\n"


async def test_ready_when_leader_is_about_the_first_election(serve: Serve) -> None:
    first, second = FakeElection("default/payouts"), FakeElection("default/reports")
    probe_port = (await serve(first, second, ready_when_leader=True)).probe_port
    await second.lead()
    answer = await ask(probe_port, "/readyz")
    assert (answer.status, answer.body) == (503, b"default/payouts: this pod does not lead\n")
    await first.lead()
    assert (await ask(probe_port, "/readyz")).status == 200
    assert (await ask(probe_port, "/livez")).status == 200


@pytest.mark.parametrize("path", ["/", "/leader", "/healthz", "/metrics/", "/livez/x"])
async def test_another_path_is_404_and_names_the_known_ones(probe_port: int, path: str) -> None:
    assert "/readyz" in (await ask(probe_port, path)).problem(404)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_probes_are_read_only(probe_port: int, path: str, method: str) -> None:
    answer = await ask(probe_port, path, method)
    assert "use GET" in answer.problem(405)
    assert answer.headers["allow"] == "GET, HEAD"


async def test_an_unknown_parameter_is_refused(probe_port: int) -> None:
    assert "'verbos'" in (await ask(probe_port, "/livez?verbos")).problem(400)
