"""Mistakes about how long leadership is valid, and by which clock."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from lab.variants.registry import replaced, variant
from leader_sidecar.core import decide, elector, observe, status
from leader_sidecar.core.messages import Effect
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import State
from leader_sidecar.core.status import Answer
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab import schedule
from leader_sidecar.lab.clocks import WALL_START_US, MachineClock

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@variant("the lease is counted from the response, not from the sending")
def counted_from_response() -> Iterator[None]:
    original = observe._credit

    def credit(s: State, record: Record, out: list[Effect]) -> bool:
        before = s.grant
        known = original(s, record, out)
        if s.grant is not None and s.grant is not before:
            until_s = s.now_s + s.config.timing.renew_deadline_s
            s.grant = replace(s.grant, sent_at_s=s.now_s, valid_until_s=until_s)
            s.last_valid_until_s = until_s
        return known

    with replaced(observe, "_credit", credit):
        yield


@variant("the latest attempt is credited, not the one that stands in the record")
def latest_attempt_credited() -> Iterator[None]:
    original = observe._credit

    def credit(s: State, record: Record, out: list[Effect]) -> bool:
        before, tries = s.grant, s.tries
        known = original(s, record, out)
        if s.grant is not None and s.grant is not before and tries:
            sent_s = max(attempt.sent_at_s for attempt in tries)
            until_s = sent_s + s.config.timing.renew_deadline_s
            s.grant = replace(s.grant, sent_at_s=sent_s, valid_until_s=until_s)
        return known

    def take(s: State, record: Record, sent_at_s: float, out: list[Effect]) -> None:
        tries = s.tries
        original_take(s, record, sent_at_s, out)
        s.tries = tries[-8:]

    original_take = observe._take
    with replaced(observe, "_credit", credit), replaced(observe, "_take", take):
        yield


@variant("the renew deadline is 0.3 s beyond the lemma")
def deadline_beyond_lemma() -> Iterator[None]:
    def beyond(timing: Timing) -> Timing:
        longest_s = timing.lease_duration_s / (1 + timing.max_drift) - timing.stop_margin_s
        return replace(timing, renew_deadline_s=longest_s + 0.3)

    timings = tuple(beyond(timing) for timing in schedule.TIMINGS)
    with replaced(schedule, "TIMINGS", timings), replaced(Timing, "faults", lambda self: []):
        yield


@variant("time is read from the wall clock")
def wall_clock() -> Iterator[None]:
    with replaced(MachineClock, "now_s", lambda self: 1e9 + (self.wall_us() - WALL_START_US) / 1e6):
        yield


@variant("the clock does not count suspend, as CLOCK_MONOTONIC does not")
def blind_to_suspend() -> Iterator[None]:
    with replaced(MachineClock, "now_s", lambda self: self.boottime_s() - 0.999999 * self.suspended_s * self.rate):
        yield


def _free_at(compute: Any) -> Any:
    return replaced(State, "free_at_s", property(compute))


@variant("the peer's renewTime is believed")
def renew_time_believed() -> Iterator[None]:
    original = State.free_at_s.fget  # type: ignore[attr-defined]

    def free_at_s(s: State) -> float:
        record = s.record
        if record is None or not record.holder or not record.renew_time:
            return float(original(s))
        renewed = datetime.fromisoformat(record.renew_time.replace("Z", "+00:00"))
        age_s = s.wall_us / 1e6 - (renewed - _EPOCH).total_seconds()
        return s.now_s - age_s + max(record.duration_s, s.config.timing.lease_duration_s)

    with _free_at(free_at_s):
        yield


@variant("a follower waits its own duration, not the record's")
def own_duration() -> Iterator[None]:
    with _free_at(lambda s: s.observed_at_s + s.config.timing.lease_duration_s):
        yield


@variant("a follower waits the record's duration alone")
def records_duration_alone() -> Iterator[None]:
    with _free_at(lambda s: s.observed_at_s + (s.record.duration_s if s.record else 0)):
        yield


@variant("the answer is a stored yes that nobody takes back in time")
def cached_answer() -> Iterator[None]:
    original = status.answer

    def answer(state: State, now_s: float) -> Answer:
        kept = original(state, state.now_s)
        return kept if kept.is_leader else original(state, now_s)

    with replaced(status, "answer", answer):
        yield


@variant("the answer shows the record's token, not the term's")
def records_token_shown() -> Iterator[None]:
    original = status.answer

    def answer(state: State, now_s: float) -> Answer:
        real = original(state, now_s)
        return replace(real, token=state.record.token) if real.is_leader and state.record is not None else real

    with replaced(status, "answer", answer):
        yield


@variant("a request has no timeout")
def no_timeout() -> Iterator[None]:
    with replaced(decide, "_timeout_s", lambda s: float("inf")):
        yield


@variant("an attempt may take all that is left of the grant")
def timeout_of_whole_budget() -> Iterator[None]:
    original = decide._timeout_s

    def timeout_s(s: State) -> float:
        return s.grant.valid_until_s - s.now_s if s.grant is not None else original(s)

    with replaced(decide, "_timeout_s", timeout_s):
        yield


@variant("the Lease is given back while the app may still be at work")
def released_while_at_work() -> Iterator[None]:
    with replaced(elector, "_end_of_work_s", lambda s, app_at_work: s.now_s):
        yield
