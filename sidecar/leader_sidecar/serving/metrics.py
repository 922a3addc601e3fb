"""Owns the metrics: read from the elections when Prometheus asks, and kept nowhere."""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from leader_sidecar.serving.problem import Problem
from leader_sidecar.serving.view import RENEW_BUCKETS_S, ElectionView

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector


class Metrics:
    """Answer `/metrics`.

    Args:
        views: the elections.
        version: for `leader_sidecar_build_info`.
        more: what is shown besides.
    """

    def __init__(self, views: Sequence[ElectionView], version: str, more: "Sequence[Collector]" = ()) -> None:
        self._views = views
        self._more = more
        self._version = version
        self._registry = self._new_registry()

    def response(self, accept: str) -> web.Response:
        """Make the answer in the form that the asker takes.

        Args:
            accept: the Accept header, "" for none.

        Raises: Problem 501 where prometheus-client is not installed.
        """
        if self._registry is None:
            raise Problem(501, "metrics need prometheus-client: pip install 'leader-sidecar[metrics]'")
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        headers = {"Cache-Control": "no-store", "Content-Type": content_type}
        return web.Response(body=encode(self._registry), headers=headers)

    def collect(self) -> "Iterator[Metric]":
        """Read every election; the registry calls this at each scrape."""
        from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("leader_sidecar_build", "The program.", {"version": self._version})
        status = GaugeMetricFamily(
            "leader_election_master_status", "1 while this pod leads the election, else 0.", labels=["name"]
        )
        token = GaugeMetricFamily(
            "leader_sidecar_fencing_token", "The fencing token while leading, else 0.", labels=["election"]
        )
        for view in self._views:
            now = view.answer()
            status.add_metric([view.name], now.is_leader)
            token.add_metric([view.name], now.token or 0)
        yield status
        yield token
        yield from self._readings()

    def _readings(self) -> "Iterator[Metric]":
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        left = GaugeMetricFamily(
            "leader_sidecar_lease_remaining_seconds", "What is left of the own grant.", labels=["election"]
        )
        changes = CounterMetricFamily(
            "leader_sidecar_transitions", "Changes of leader that this process has seen.", labels=["election"]
        )
        requests = CounterMetricFamily(
            "leader_sidecar_requests", "Requests to the API server.", labels=["election", "verb", "outcome"]
        )
        renewals = HistogramMetricFamily("leader_sidecar_renew_seconds", "How long renewals took.", labels=["election"])
        for view in self._views:
            read = view.readings()
            left.add_metric([view.name], read.lease_remaining_s)
            changes.add_metric([view.name], read.transitions)
            for (verb, outcome), count in read.requests.items():
                requests.add_metric([view.name, str(verb), outcome], count)
            bounds = [*map(str, RENEW_BUCKETS_S), "+Inf"]
            buckets = list(zip(bounds, itertools.accumulate(read.renew_s), strict=True))
            renewals.add_metric([view.name], buckets, read.renew_sum_s)
        yield from (left, changes, requests, renewals)

    def _new_registry(self) -> "CollectorRegistry | None":
        try:
            from prometheus_client import CollectorRegistry, ProcessCollector
        except ImportError:
            return None
        registry = CollectorRegistry()
        for collector in (self, *self._more):
            registry.register(collector)
        ProcessCollector(registry=registry)
        return registry
