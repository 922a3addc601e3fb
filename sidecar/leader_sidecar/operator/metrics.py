"""Owns what Prometheus is told of the operator beside its own election."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from leader_sidecar.operator.acting import Acting


class OperatorMetrics:
    """Collect from the running operator; nothing is kept here.

    Args:
        acting: the operator.
    """

    def __init__(self, acting: "Acting") -> None:
        self._acting = acting

    def collect(self) -> "Iterator[Metric]":
        """Read the operator; the registry calls this at each scrape."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        desk = self._acting.desk
        yield GaugeMetricFamily(
            "leader_sidecar_operator_elections", "LeaderElections in the cluster; 0 while resting.", value=len(desk)
        )
        yield GaugeMetricFamily(
            "leader_sidecar_operator_faulty_elections", "Those that are not as they should be.", value=desk.faulty
        )
        looks = CounterMetricFamily("leader_sidecar_operator_looks", "Looks at elections.", labels=["outcome"])
        for outcome, count in desk.looks.items():
            looks.add_metric([outcome], count)
        requests = CounterMetricFamily(
            "leader_sidecar_operator_requests", "Requests beside the watches.", labels=["verb", "outcome"]
        )
        for (verb, outcome), count in self._acting.requests.items():
            requests.add_metric([verb, outcome], count)
        yield from (looks, requests)
