"""What is counted for the metrics."""

from __future__ import annotations

from leader_sidecar.core.messages import Kind
from leader_sidecar.runtime.figures import Figures
from leader_sidecar.serving.view import RENEW_BUCKETS_S


def test_renewals_fall_into_the_bucket_that_holds_them() -> None:
    figures = Figures()
    for took_s in (0.001, RENEW_BUCKETS_S[0], RENEW_BUCKETS_S[-1] + 1):
        figures.count(Kind.RENEW, "written", took_s)
    assert figures.renew_counts[0] == 2
    assert figures.renew_counts[-1] == 1
    assert sum(figures.renew_counts) == 3
    assert figures.renew_sum_s == 0.001 + RENEW_BUCKETS_S[0] + RENEW_BUCKETS_S[-1] + 1


def test_other_requests_are_counted_without_their_time() -> None:
    figures = Figures()
    figures.count("read", "unknown", 3.0)
    figures.count("read", "unknown", 3.0)
    assert figures.requests == {("read", "unknown"): 2}
    assert figures.renew_sum_s == 0.0
