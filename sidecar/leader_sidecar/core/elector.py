"""Owns the election: `step(state, event) -> (state, effects)`. Read this file first.

Rules:
  1. Time, wall time and outcomes come in events; nothing here has an effect.
  2. Every event first moves the clock, which may end the term; then its facts are learned (`observe`); then the next
     request is decided from the facts alone (`decide`). So a lost, late or repeated event changes latency, not safety.
  3. At most one request is under way; the next is decided when it has ended.
  4. A term begins with the proof of its second write, lasts until its grant runs out or something shows that it is
     over, and never comes back: who loses follows again.
  5. When in doubt: not leading.

Which phase may follow which is the literal table `TRANSITIONS`; a step that left it would fail loudly. The state
diagram in docs/PROTOCOL.md is made from the same table.
"""

from collections.abc import Callable, Mapping
from typing import Any

from leader_sidecar.core.decide import RELEASE_BUDGET_S, decide, phase
from leader_sidecar.core.messages import (
    Announce,
    Effect,
    Event,
    HealthChanged,
    Kind,
    ReadDone,
    RecordNotified,
    ResignRequested,
    Started,
    StopRequested,
    TimerFired,
    Unknown,
    WatchBegan,
    WriteDone,
)
from leader_sidecar.core.observe import bar, end_term, lapse, on_notified, on_read, on_watch_began, on_write
from leader_sidecar.core.state import Config, Phase, State

TRANSITIONS: Mapping[Phase, Mapping[Phase, str]] = {
    Phase.FOLLOWING: {
        Phase.CLAIMING: "record released, silent for its duration, ours, or of a dead process of this pod",
    },
    Phase.CLAIMING: {
        Phase.LEADING: "both writes proved",
        Phase.FOLLOWING: "somebody else was faster",
    },
    Phase.LEADING: {
        Phase.CLAIMING: "renew deadline passed, or the token was raised",
        Phase.FOLLOWING: "another holder, another uid, emptied or absent",
        Phase.COOLING: "the app resigned",
    },
    Phase.COOLING: {
        Phase.FOLLOWING: "somebody else led, or the cooldown is over",
        Phase.CLAIMING: "the cooldown is over and the record is free",
    },
    Phase.SUSPICIOUS: {
        Phase.FOLLOWING: "a consistent read",
        Phase.CLAIMING: "a consistent read of a record that is free",
        Phase.COOLING: "a consistent read while cooling down",
    },
    Phase.UNHEALTHY: {
        Phase.FOLLOWING: "healthy again",
        Phase.CLAIMING: "healthy again, and the record is free",
        Phase.COOLING: "healthy again while cooling down",
        Phase.SUSPICIOUS: "healthy again, and a regression is open",
    },
    Phase.BARRED: {Phase.STOPPED: "asked to stop"},
    Phase.STOPPING: {Phase.STOPPED: "released, or nothing to release, or out of time"},
    Phase.STOPPED: {},
}
"""The transitions of an election, each with its reason; those that every standing phase can make are in `FROM_ANY`."""

FROM_ANY: Mapping[Phase, str] = {
    Phase.SUSPICIOUS: "a regression was read",
    Phase.UNHEALTHY: "the process cannot trust itself",
    Phase.BARRED: "the regression persists, the next token would be too large, or the clock went back",
    Phase.STOPPING: "asked to stop",
    Phase.STOPPED: "asked to stop, with nothing to release",
}

STANDING = frozenset(Phase) - {Phase.BARRED, Phase.STOPPING, Phase.STOPPED}
"""The phases from which leading is still possible."""


def new_state(config: Config) -> State:
    """Make the state of a candidate that knows nothing yet.

    Raises:
        ValueError: the timing is unsafe; the message has every reason.
    """
    if faults := config.timing.faults():
        raise ValueError("; ".join(faults))
    return State(config=config, index=config.first_index, visible=("",))


def step(state: State, event: Event) -> tuple[State, list[Effect]]:
    """Handle one event.

    Args:
        state: what the candidate knew; not changed.
        event: what happened; its `at_s` should not be before the last event's.

    Returns:
        What the candidate knows now, and what is to be done, in this order. Empty after `Finished`.
    """
    if state.finished:
        return state, []
    s = state.draft()
    out: list[Effect] = []
    _move_clock(s, event, out)
    _LEARN[type(event)](s, event, out)
    decide(s, out)
    _enter(s, phase(s))
    _index(s)
    return s, out


def _move_clock(s: State, event: Event, out: list[Effect]) -> None:
    if event.at_s < s.now_s:
        # CLOCK_BOOTTIME does not do this. No instant that was counted on it means anything now.
        bar(s, f"the boottime clock went back by {s.now_s - event.at_s:.3f} s: restart", out)
    s.now_s = event.at_s
    s.wall_us = max(s.wall_us, event.wall_us)
    lapse(s, out)
    flight = s.flight
    answered = isinstance(event, ReadDone | WriteDone) and flight is not None and event.number == flight.number
    if flight is not None and s.now_s >= flight.give_up_at_s and not answered:
        s.flight = None
        unknown = Unknown("no answer was told in time")
        if flight.kind is Kind.READ:
            on_read(s, flight, unknown, out)
        else:
            on_write(s, flight, unknown, out)


def _on_started(s: State, event: Started, out: list[Effect]) -> None:
    s.request_at_s = s.now_s
    if s.config.sole_in_pod:  # an earlier process of this pod, dead by now, may have promised this much to the app
        s.last_valid_until_s = s.now_s + s.config.timing.renew_deadline_s
    out.append(Announce("started", {}))


def _on_timer(s: State, event: TimerFired, out: list[Effect]) -> None:
    s.timer_at_s = float("inf")


def _on_read_done(s: State, event: ReadDone, out: list[Effect]) -> None:
    if s.flight is not None and s.flight.number == event.number:
        flight, s.flight = s.flight, None
        on_read(s, flight, event.outcome, out)


def _on_write_done(s: State, event: WriteDone, out: list[Effect]) -> None:
    if s.flight is not None and s.flight.number == event.number:
        flight, s.flight = s.flight, None
        on_write(s, flight, event.outcome, out)


def _on_notified(s: State, event: RecordNotified, out: list[Effect]) -> None:
    on_notified(s, event.record, event.deleted, out)


def _on_watch_began(s: State, event: WatchBegan, out: list[Effect]) -> None:
    on_watch_began(s)


def _on_health(s: State, event: HealthChanged, out: list[Effect]) -> None:
    if event.healthy == s.healthy:
        return
    s.healthy = event.healthy
    if not event.healthy:
        end_term(s, event.reason, out)
    out.append(Announce("healthy" if event.healthy else "unhealthy", {"reason": event.reason}))
    s.must_read, s.tries = True, ()
    s.observed_at_s = s.now_s  # what was counted on a clock in trouble is counted again


def _on_resign(s: State, event: ResignRequested, out: list[Effect]) -> None:
    if s.grant is None:
        return
    s.release_at_s = _end_of_work_s(s, event.app_at_work)
    end_term(s, "resigned", out)
    s.out_until_s = s.now_s + event.cooldown_s
    s.out_for_other_s = max(s.now_s + s.config.timing.lease_duration_s, s.release_at_s)


def _on_stop(s: State, event: StopRequested, out: list[Effect]) -> None:
    if s.stopping:
        return
    s.release_at_s = _end_of_work_s(s, event.app_at_work)
    end_term(s, "stopping", out)
    s.stopping = True
    s.request_at_s = min(s.request_at_s, s.now_s)
    s.finish_by_s = s.release_at_s + RELEASE_BUDGET_S


def _end_of_work_s(s: State, app_at_work: bool) -> float:
    if not app_at_work:
        return s.now_s
    return max(s.now_s, s.release_at_s, s.last_valid_until_s + s.config.timing.stop_margin_s)


def _enter(s: State, to: Phase) -> None:
    if to is not s.phase:
        assert to in TRANSITIONS[s.phase] or (s.phase in STANDING and to in FROM_ANY), f"{s.phase} -> {to}"
        s.phase = to
    assert s.grant is None or (s.may_lead and s.now_s < s.grant.valid_until_s), "a grant that may not be"


def _index(s: State) -> None:
    """Count up when what an answer says about leadership has changed."""
    record, token = s.record, s.grant.token if s.grant else 0
    if record is None or s.barred or s.suspect_since_s is not None:
        visible: tuple[object, ...] = ("", token)
    elif record.holder and s.now_s < s.free_at_s:
        visible = (record.holder, record.token, token, record.renew_time == record.acquire_time)
    else:
        visible = ("", token)
    if visible != s.visible:
        s.visible = visible
        s.index += 1


_LEARN: Mapping[type[Event], Callable[[State, Any, list[Effect]], None]] = {
    Started: _on_started,
    TimerFired: _on_timer,
    ReadDone: _on_read_done,
    WriteDone: _on_write_done,
    RecordNotified: _on_notified,
    WatchBegan: _on_watch_began,
    HealthChanged: _on_health,
    ResignRequested: _on_resign,
    StopRequested: _on_stop,
}
