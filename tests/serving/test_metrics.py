"""What Prometheus is told, read with Prometheus' own parser."""

from __future__ import annotations

import sys

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from leader_sidecar.serving.view import RENEW_BUCKETS_S, Readings
from serving.client import ask
from serving.conftest import Serve
from serving.election import FakeElection

ONE = {"election": "default/payouts"}


async def scrape(probe_port: int) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Read all samples by name."""
    answer = await ask(probe_port, "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in parse(answer.body.decode()):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return samples


async def test_who_leads_is_told_under_the_name_that_kubernetes_uses(probe_port: int, election: FakeElection) -> None:
    assert (await scrape(probe_port))["leader_election_master_status"] == [({"name": "default/payouts"}, 0.0)]
    await election.lead()
    assert (await scrape(probe_port))["leader_election_master_status"] == [({"name": "default/payouts"}, 1.0)]


async def test_the_token_is_told_only_while_leading(probe_port: int, election: FakeElection) -> None:
    await election.lead(token=2**53 - 1)
    assert (await scrape(probe_port))["leader_sidecar_fencing_token"] == [(ONE, 2**53 - 1)]
    await election.follow()
    assert (await scrape(probe_port))["leader_sidecar_fencing_token"] == [(ONE, 0.0)]


async def test_the_readings_are_told_with_their_units(probe_port: int, election: FakeElection) -> None:
    renew = [0] * (len(RENEW_BUCKETS_S) + 1)
    renew[1], renew[-1] = 3, 1
    election.figures = Readings(5, 7.25, {("renew", "written"): 4, ("read", "unknown"): 2}, renew, 11.5, True)
    told = await scrape(probe_port)
    assert told["leader_sidecar_lease_remaining_seconds"] == [(ONE, 7.25)]
    assert told["leader_sidecar_barred"] == [(ONE, 1.0)]
    assert told["leader_sidecar_transitions_total"] == [(ONE, 5.0)]
    assert told["leader_sidecar_requests_total"] == [
        (ONE | {"verb": "renew", "outcome": "written"}, 4.0),
        (ONE | {"verb": "read", "outcome": "unknown"}, 2.0),
    ]
    buckets = {labels["le"]: value for labels, value in told["leader_sidecar_renew_seconds_bucket"]}
    assert (buckets["0.005"], buckets["0.01"], buckets["10.0"], buckets["+Inf"]) == (0.0, 3.0, 3.0, 4.0)
    assert told["leader_sidecar_renew_seconds_sum"] == [(ONE, 11.5)]
    assert told["leader_sidecar_renew_seconds_count"] == [(ONE, 4.0)]


async def test_every_election_has_its_own_samples(serve: Serve) -> None:
    first, second = FakeElection("default/payouts"), FakeElection("default/reports")
    await second.lead()
    told = await scrape((await serve(first, second)).probe_port)
    assert told["leader_election_master_status"] == [
        ({"name": "default/payouts"}, 0.0),
        ({"name": "default/reports"}, 1.0),
    ]


async def test_the_program_and_its_process_are_told(probe_port: int) -> None:
    told = await scrape(probe_port)
    assert told["leader_sidecar_build_info"] == [({"version": "1.2.3"}, 1.0)]
    assert told["process_resident_memory_bytes"][0][1] > 1e6


async def test_openmetrics_is_spoken_to_who_asks_for_it(probe_port: int, election: FakeElection) -> None:
    await election.lead()
    answer = await ask(probe_port, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    names = {family.name for family in parse_openmetrics(answer.body.decode())}
    assert {"leader_election_master_status", "leader_sidecar_transitions", "leader_sidecar_build"} <= names


async def test_without_the_library_the_answer_says_how_to_have_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    probe_port = (await serve()).probe_port
    assert "leader-sidecar[metrics]" in (await ask(probe_port, "/metrics")).problem(501)
    assert (await ask(probe_port, "/livez")).status == 200
