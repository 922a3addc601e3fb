"""Owns one sidecar process in virtual time: it feeds events to the real core and carries its effects out.

It keeps the contract of `runtime/driver.py`: one request in flight with its own timeout, one timer, hints from a watch;
it decides nothing. `elector.step` and `status.answer` are looked up at every call: who replaces them replaces all.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leader_sidecar.core import elector, status
from leader_sidecar.core.messages import (
    Effect,
    Event,
    Finished,
    HealthChanged,
    Kind,
    Read,
    ReadDone,
    RecordNotified,
    ResignRequested,
    SetTimer,
    Started,
    StopRequested,
    TimerFired,
    WatchBegan,
    Write,
    WriteDone,
)
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Config
from leader_sidecar.core.status import Answer
from leader_sidecar.lab.network import NEVER_S, Request
from leader_sidecar.lab.process_view import ProcessView

if TYPE_CHECKING:
    from leader_sidecar.lab.pods import Pod
    from leader_sidecar.lab.world import World

_LATE_S = 1e-6  # a timer that fired a rounding error early would be set again for the same instant
HEARTBEAT_S = 5.0
"""As the driver's: after a suspend its timers are late by this much at most."""

Carry = Callable[["Candidate", list[Effect]], list[Effect]]


class Candidate:
    """One process that stands for election.

    Args:
        world: where it lives.
        pod: whose container it is.
        config: as the composition root would make it.
    """

    def __init__(self, world: "World", pod: "Pod", config: Config) -> None:
        self.world = world
        self.pod = pod
        self.clock = pod.clock
        self.link = pod.link
        self.config = config
        self.identity = config.identity
        self.state = elector.new_state(config)
        self.alive = True
        self.frozen = False
        self.view = ProcessView()
        self.started_s = world.time.now_s
        self.out_s = -1.0
        """World time until which it stays out after a resignation."""
        self._flight: Request | None = None
        self._flight_until_boot_s = 0.0
        self._heard: Request | None = None
        self._timer_at_s = NEVER_S
        self._timer_due_s = NEVER_S
        self._inbox: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    @property
    def name(self) -> str:
        """Return a short name for timelines."""
        return self.pod.name + "." + self.config.nonce[-2:]

    def start(self) -> None:
        """Begin to stand."""
        self._trace("starts")
        self.feed(Started)

    def answer(self) -> Answer:
        """Answer an app that asks now."""
        return status.answer(self.state, self.clock.now_s())

    def _trace(self, what: str) -> None:
        if self.world.trace is not None:
            self.world.trace.life(self, what)

    def feed(self, event: type[Event], **facts: Any) -> None:
        """Handle one event at this instant."""
        world = self.world
        fact = event(at_s=self.clock.now_s(), wall_us=self.clock.wall_us(), **facts)
        if world.trace is not None:
            world.trace.event(self, fact)
        cause = world.monitor.cause(self, fact, self._heard)
        self.state, effects = elector.step(self.state, fact)
        if world.cut is not None:
            effects = world.cut(self, effects)
        for effect in effects:
            self._carry_out(effect)
        world.monitor.stepped(self, fact, effects, cause)

    def _carry_out(self, effect: Effect) -> None:
        if self.world.trace is not None:
            self.world.trace.effect(self, effect)
        if isinstance(effect, SetTimer):
            self._set_timer(effect.at_s)
        elif isinstance(effect, Read):
            self._send(effect.number, Kind.READ, {}, effect.timeout_s)
        elif isinstance(effect, Write):
            self._send(effect.number, effect.kind, effect.body, effect.timeout_s)
        elif isinstance(effect, Finished):
            self.alive = False
            self._trace("ends")
            self.pod.process_ended(self)

    # --- timers -------------------------------------------------------------------------------------------------------

    def _set_timer(self, at_s: float) -> None:
        self._timer_at_s = at_s
        due_s = self._world_s(at_s)
        if due_s < self._timer_due_s:
            self._timer_due_s = due_s
            self.world.time.at(due_s, self._timer, due_s)

    def _world_s(self, at_s: float) -> float:
        return self.world.time.now_s + max(at_s - self.clock.now_s(), 0.0) / self.clock.rate + _LATE_S

    def reset_timer(self) -> None:
        """Count the timer again, because the clock has another rate or was read anew."""
        if self._timer_at_s != NEVER_S:
            self._timer_due_s = NEVER_S
            self._set_timer(self._timer_at_s)

    def reset_timer_late(self) -> None:
        """After a suspend the loop's timer is late, by a heartbeat at most."""
        if self._timer_at_s != NEVER_S:
            late_s = HEARTBEAT_S * self.world.rng.random()
            self._timer_due_s = max(self._world_s(self._timer_at_s), self.world.time.now_s + late_s)
            self.world.time.at(self._timer_due_s, self._timer, self._timer_due_s)

    def _timer(self, due_s: float) -> None:
        if due_s != self._timer_due_s or not self.alive:
            return
        if self.frozen:
            self._inbox.append((self._timer, (due_s,)))
            return
        late_s = self.pod.timers_late_s()
        if late_s:
            self._timer_due_s = self.world.time.now_s + late_s
            self.world.time.at(self._timer_due_s, self._fire, self._timer_due_s)
            return
        self._fire(due_s)

    def _fire(self, due_s: float) -> None:
        if due_s != self._timer_due_s or not self.alive:
            return
        if self.frozen:
            self._inbox.append((self._fire, (due_s,)))
            return
        self._timer_due_s = NEVER_S
        at_s = self._timer_at_s
        if at_s == NEVER_S:
            return
        if self.clock.now_s() < at_s:  # it was set to a later instant since
            self._set_timer(at_s)
            return
        self._timer_at_s = NEVER_S
        self.feed(TimerFired)

    def fire_early(self) -> None:
        """Handle a timer that nobody set."""
        self._when_awake(lambda: self.feed(TimerFired))

    # --- requests -----------------------------------------------------------------------------------------------------

    def _send(self, number: int, kind: Kind, body: Any, timeout_s: float) -> None:
        time, boot_s = self.world.time, self.clock.boottime_s()
        over = self._flight is None or boot_s >= self._flight_until_boot_s or self.world.cut is not None
        assert over, "two requests in flight"
        deadline_s = time.now_s + timeout_s / self.clock.rate
        request = Request(self, number, kind, body, time.now_s, boot_s, deadline_s, self.view.newest)
        self._flight, self._flight_until_boot_s = request, boot_s + timeout_s
        self.world.liveness.sent(self)
        self.world.network.send(request, self.link)

    def ended(self, request: Request, outcome: object) -> None:
        """Tell the core how a request ended, unless its end was told before."""
        if request is not self._flight or not self.alive:
            return
        if self.frozen:
            self._inbox.append((self.ended, (request, outcome)))
            return
        self._flight = None
        self._tell(request, outcome)

    def forget_request(self) -> None:
        """Let the request under way end without a word, as when its task is cancelled."""
        self._flight = None

    def told_again(self, request: Request, outcome: object) -> None:
        """Tell the core an outcome that it may have heard before."""
        if self._flight is not request:
            self._when_awake(lambda: self._tell(request, outcome))

    def _tell(self, request: Request, outcome: object) -> None:
        flight = self.state.flight
        # An answer that the core no longer waits for is not heard, so it obliges to nothing.
        self._heard = request if flight is not None and flight.number == request.number else None
        self.feed(ReadDone if request.kind is Kind.READ else WriteDone, number=request.number, outcome=outcome)
        self._heard = None

    # --- what else happens to a process -------------------------------------------------------------------------------

    def notified(self, record: Record, deleted: bool) -> None:
        """Take an event of the watch."""
        if not self.alive:
            return
        if self.frozen:
            self._inbox.append((self.notified, (record, deleted)))
            return
        self.feed(RecordNotified, record=record, deleted=deleted)

    def watch_began(self) -> None:
        """Learn that the watch began afresh."""
        self._when_awake(lambda: self.feed(WatchBegan))

    def stop(self, app_at_work: bool) -> None:
        """Take a SIGTERM."""
        self._when_awake(lambda: self.feed(StopRequested, app_at_work=app_at_work))

    def resign(self, cooldown_s: float, app_at_work: bool) -> None:
        """Take the app's wish to step down."""
        self._when_awake(lambda: self.feed(ResignRequested, cooldown_s=cooldown_s, app_at_work=app_at_work))

    def set_healthy(self, healthy: bool) -> None:
        """Learn that the process cannot, or can again, trust itself."""
        self._when_awake(lambda: self.feed(HealthChanged, healthy=healthy, reason="clock trouble"))

    def _when_awake(self, call: Callable[[], None]) -> None:
        if not self.alive:
            return
        if self.frozen:
            self._inbox.append((call, ()))
            return
        call()

    def freeze(self) -> None:
        """Stop the process; what happens meanwhile waits."""
        self.frozen = True
        self._trace("freezes")

    def wake(self) -> None:
        """Go on: who asks is answered first, then what has waited is handled, the timer before or after the rest."""
        self.frozen = False
        if not self.alive:
            return
        self._trace("wakes")
        self.world.monitor.woken(self)
        inbox, self._inbox = self._inbox, []
        if self.world.rng.random() < 0.5:
            inbox.reverse()
            inbox.sort(key=lambda item: item[0] in (self._timer, self._fire))
        for call, args in inbox:
            call(*args)

    def kill(self) -> None:
        """End at once."""
        self.alive = False
        self._trace("dies")
        self._inbox.clear()
        self.world.monitor.died(self)
