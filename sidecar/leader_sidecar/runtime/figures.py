"""Owns what one election counts for its metrics."""

from bisect import bisect_left
from collections import Counter

from leader_sidecar.core.messages import Kind
from leader_sidecar.serving.view import RENEW_BUCKETS_S


class Figures:
    """Count requests by verb and outcome, changes of leader, and how long renewals took."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.transitions = 0
        self.renew_counts = [0] * (len(RENEW_BUCKETS_S) + 1)
        """Renewals by the bucket they fell into; the last one holds what is longer than every bound."""
        self.renew_sum_s = 0.0

    def count(self, verb: str, outcome: str, took_s: float) -> None:
        """Count one request that has ended."""
        self.requests[verb, outcome] += 1
        if verb == Kind.RENEW:
            self.renew_counts[bisect_left(RENEW_BUCKETS_S, took_s)] += 1
            self.renew_sum_s += took_s
