"""What alerts and dashboard ask for is what a running sidecar tells Prometheus, and a barred one tells it."""

from __future__ import annotations

from typing import get_args

from prometheus_client.parser import text_string_to_metric_families as parse_metrics

from chart.monitoring import expressions, selectors
from leader_sidecar.core.messages import Kind, ReadOutcome, WriteOutcome
from process.conftest import ELECTION, Start
from process.servers import Server, leases
from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess, wait_for

TOKEN = "leader-sidecar.io/fencing-token"
LARGEST_TOKEN = 2**53 - 1
OUTCOMES = {outcome.__name__.lower() for outcome in get_args(ReadOutcome | WriteOutcome)}


def samples(sidecar: SidecarProcess) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Scrape a sidecar; returns labels and values by name."""
    status, body = sidecar.get("/metrics", probe=True)
    assert status == 200
    told: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in parse_metrics(body):
        for sample in family.samples:
            told.setdefault(sample.name, []).append((sample.labels, sample.value))
    return told


def test_alerts_and_dashboard_ask_for_what_a_running_sidecar_tells(start: Start, namespace: str) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)

    def renewed() -> bool:
        return any(labels["verb"] == "renew" for labels, _ in samples(one)["leader_sidecar_requests_total"])

    wait_for(renewed, MARGIN_S, "it renewed")
    told = samples(one)
    asked = [selector for expression in expressions() for selector in selectors(expression)]
    assert len(asked) > 20
    for metric, values in asked:
        assert metric in told
        labels = set(told[metric][0][0])
        assert values.keys() <= labels, metric
        assert values.get("verb", "renew") in set(Kind)
        assert values.get("outcome", "written") in OUTCOMES
    assert told["leader_sidecar_barred"] == [({"election": f"{namespace}/{ELECTION}"}, 0.0)]


def test_a_sidecar_that_may_not_lead_until_it_is_restarted_says_so(
    start: Start, server: Server, namespace: str
) -> None:
    path = leases(namespace, ELECTION)
    lease = server.request("GET", path)
    lease["metadata"]["annotations"] = {TOKEN: str(LARGEST_TOKEN)}
    server.request("PUT", path, lease)
    one = start("payouts-0")
    barred = wait_for(lambda: one.events("barred"), D_S + MARGIN_S, "it is barred")
    assert "2^53-1" in barred[0]["reason"]
    assert samples(one)["leader_sidecar_barred"][0][1] == 1.0
    status, said = one.get("/readyz", probe=True)
    assert status == 503
    assert "2^53-1" in said
    assert not one.leads

    # As the runbook says: a token that is one again, and a restart.
    one.process.stop()
    lease = server.request("GET", path)
    lease["metadata"]["annotations"][TOKEN] = "418"
    server.request("PUT", path, lease)
    assert Group([one.start()]).leader(D_S + MARGIN_S).token > 418
    assert samples(one)["leader_sidecar_barred"][0][1] == 0.0
