"""Owns the arithmetic of a choice of timings: what it costs, what it tolerates, and what would make it sound.

It follows the elector's rules: a follower reads once more before it claims, a term takes two writes, and an attempt
that fails while leading is followed by a read, a retry period after it began.
"""

import math
from dataclasses import dataclass, replace

from leader_sidecar.core.decide import SHARE_OF_WHAT_IS_LEFT, SHORTEST_ATTEMPT_S
from leader_sidecar.core.timing import Timing

DEFAULT_ROUND_TRIP_S = 0.01
"""A write and the event it causes take under 10 ms each on a nearby API server (DESIGN §8)."""

WATCH_LIFE_S = 450.0
"""How long a watch is asked to last on average before it is opened anew (kube/watch.py)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a choice of timings comes to; seconds, never negative.

    Args:
        failover_worst_s: from a crash of the leader just after it sent a renewal to the next leader's token.
        failover_typical_s: the same for a crash in the middle between two renewals, on clocks that agree.
        failover_blind_s: the worst, when the follower's watch is broken without showing it.
        handover_s: from a gentle end of the leader to the next leader's token.
        pause_s: how long the leader's process may be stopped, at the worst moment, without losing its term.
        app_pause_s: how long the app may be stopped after its last answer ran out, before another pod can lead.
        outage_s: how long the API may be away, at the worst moment, without the term being lost.
        drift: the clocks' rates may differ by anything below this.
        slack_s: what the lemma has left; not above 0 means that two leaders could overlap, and it may be negative.
        leader_requests_per_min, follower_requests_per_min: at the API server, in quiet times.
        outage_requests_per_min: at most, while attempts fail at once.
    """

    failover_worst_s: float
    failover_typical_s: float
    failover_blind_s: float
    handover_s: float
    pause_s: float
    app_pause_s: float
    outage_s: float
    drift: float
    slack_s: float
    leader_requests_per_min: float
    follower_requests_per_min: float
    outage_requests_per_min: float


def is_countable(timing: Timing) -> bool:
    """Say whether the numbers are at all such that a plan can be made of them, sound or not."""
    return (
        timing.lease_duration_s >= 1
        and timing.renew_deadline_s > 0
        and timing.stop_margin_s >= 0
        and timing.max_drift >= 0
        and timing.renew_interval_s > 0
        and timing.retry_period_s > 0
    )


def make_plan(timing: Timing, round_trip_s: float = DEFAULT_ROUND_TRIP_S) -> Plan:
    """Work out what these timings cost and tolerate.

    Args:
        timing: must be countable; need not be sound.
        round_trip_s: one request to the API server with its answer, or one event from a write to a watcher.
    """
    d, r, m, rho = timing.lease_duration_s, timing.renew_deadline_s, timing.stop_margin_s, timing.max_drift
    interval, retry = timing.renew_interval_s, timing.retry_period_s
    # The renewal's event to the follower; then, after the wait, its read, its claim and its token.
    exchange = 4 * round_trip_s
    last_attempt = max(SHORTEST_ATTEMPT_S, round_trip_s) / SHARE_OF_WHAT_IS_LEFT
    watches = 60 / WATCH_LIFE_S
    return Plan(
        failover_worst_s=d * (1 + rho) + exchange,
        failover_typical_s=max(d - interval / 2, 0.0) + exchange,
        failover_blind_s=2 * d * (1 + rho) + exchange,
        handover_s=exchange,
        pause_s=max(r - interval - last_attempt, 0.0),
        app_pause_s=max(d / (1 + rho) - r, 0.0),
        outage_s=max(r - interval - retry - round_trip_s - last_attempt, 0.0),
        drift=max(d / (r + m) - 1, 0.0),
        slack_s=timing.slack_s,
        leader_requests_per_min=60 / interval + watches,
        follower_requests_per_min=watches,
        outage_requests_per_min=60 / retry + watches,
    )


def sound_neighbours(timing: Timing) -> list[Timing]:
    """Find sound timings near unsound ones: one that keeps the renew deadline, one that keeps the lease duration.

    Returns:
        None, one or two; each without faults. Empty when the timing is sound or too far off.
    """
    if not timing.faults() or not is_countable(timing):
        return []
    candidates = [_with_duration(_with_room(timing)), _with_room(_with_deadline(timing))]
    return [one for i, one in enumerate(candidates) if not one.faults() and one not in candidates[:i]]


def _with_room(timing: Timing) -> Timing:
    """Make room for two retries within the renew deadline."""
    r = timing.renew_deadline_s
    if timing.renew_interval_s + 2 * timing.retry_period_s <= r:
        return timing
    retry = min(timing.retry_period_s, _down(r / 5))
    interval = min(timing.renew_interval_s, _down(r - 2 * retry))
    if interval + 2 * retry > r:  # by a rounding error
        interval = _down(interval - 0.1)
    return replace(timing, renew_interval_s=interval, retry_period_s=retry)


def _with_duration(timing: Timing) -> Timing:
    if timing.slack_s > 0:
        return timing
    needed = (timing.renew_deadline_s + timing.stop_margin_s) * (1 + timing.max_drift)
    return replace(timing, lease_duration_s=math.floor(needed) + 1)


def _with_deadline(timing: Timing) -> Timing:
    if timing.slack_s > 0:
        return timing
    longest = _down(timing.lease_duration_s / (1 + timing.max_drift) - timing.stop_margin_s)
    lowered = replace(timing, renew_deadline_s=longest)
    return lowered if lowered.slack_s > 0 else replace(timing, renew_deadline_s=_down(longest - 0.1))


def _down(seconds: float) -> float:
    """Round down to tenths: what people write."""
    return round(math.floor(seconds * 10 + 1e-9) / 10, 1)
