"""Owns one election's life in the world: feeds events into the core and carries its effects out. It decides nothing."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from leader_sidecar.core.elector import new_state, step
from leader_sidecar.core.messages import (
    Announce,
    Effect,
    Event,
    Finished,
    HealthChanged,
    Lead,
    Read,
    ReadDone,
    RecordNotified,
    ResignRequested,
    SetTimer,
    Started,
    StopLeading,
    StopRequested,
    TimerFired,
    WatchBegan,
    Write,
    WriteDone,
)
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Config, State
from leader_sidecar.kube.api import Api
from leader_sidecar.kube.log import Log
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.figures import Figures

HEARTBEAT_S = 5.0
"""The longest sleep: the loop's timers do not count the time a machine was suspended, the election's clock does."""

_EVENTS_FLUSH_S = 1.0

_LEVELS = {
    "barred": "error",
    "regression": "error",
    "unhealthy": "error",
    "lease_absent": "warning",
    "rejected": "warning",
    "token_garbled": "warning",
}


class Driver:
    """Stand for one election.

    Args:
        config: what stays the same.
        api: the election's own connections; closed when `run` ends.
        clock: the only source of time.
        log: told every transition, once.
        events: also post them as Kubernetes Events.
    """

    def __init__(self, config: Config, api: Api, clock: Clock, log: Log, *, events: bool) -> None:
        self.state: State = new_state(config)
        self.figures = Figures()
        self.handled_at_s = clock.now_s()
        """When a timer was last handled."""
        self._api = api
        self._clock = clock
        self._log = log
        self._events = events
        self._tasks: asyncio.TaskGroup | None = None
        self._timer_at_s = float("inf")
        self._rearmed = asyncio.Event()
        self._changed = asyncio.Event()
        self._finished = False
        self._trouble = ""

    async def run(self) -> None:
        """Stand for election until a stop was asked for and is done.

        Raises: whatever a task of the election raised, in an ExceptionGroup; every answer is false by then.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                followers = [tasks.create_task(self._api.watch.run(self._on_notified, self._on_watch_began))]
                if self._events:
                    followers.append(tasks.create_task(self._api.events.run()))
                self._feed(Started)
                while not self._finished:
                    await self._timer()
                if self._events:
                    await self._api.events.flush(_EVENTS_FLUSH_S)
                for task in followers:
                    task.cancel()
        finally:
            self.fail("the election's tasks have ended")
            await self._api.close()

    @property
    def ended(self) -> bool:
        """Whether it stands for election no more."""
        return self._finished

    def stop(self, *, app_at_work: bool) -> None:
        """Ask to end: stop leading, give the Lease back, finish.

        Args:
            app_at_work: the app may still act on its last answer, so the Lease is kept until that has run out.
        """
        self._feed(partial(StopRequested, app_at_work=app_at_work))

    def resign(self, *, cooldown_s: float, app_at_work: bool) -> None:
        """Stop leading and stand again later; arguments as of `ResignRequested`."""
        self._feed(partial(ResignRequested, cooldown_s=cooldown_s, app_at_work=app_at_work))

    def notify(self, record: Record) -> None:
        """Take a record that was read outside the election as a hint."""
        self._on_notified(record, deleted=False)

    def fail(self, reason: str) -> None:
        """End leadership for good, because this process cannot trust itself any more."""
        if self._finished:
            return
        try:
            self._feed(partial(HealthChanged, healthy=False, reason=reason))
        except Exception:
            # It may be the core itself that crashed: one that knows nothing leads nothing.
            self.state = new_state(self.state.config)
        self._finished = True

    async def changed(self, index: int, timeout_s: float) -> None:
        """Return when the answer's index is another than this one, or after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.state.index == index:
                    await self._changed.wait()
        except TimeoutError:
            pass

    def _feed(self, event: Callable[..., Event]) -> None:
        if self._finished:
            return
        before = self.state.index
        self.state, effects = step(self.state, event(at_s=self._clock.now_s(), wall_us=self._clock.wall_us()))
        for effect in effects:
            self._carry_out(effect)
        if self.state.index != before:
            self._changed.set()
            self._changed = asyncio.Event()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case SetTimer():
                self._timer_at_s = effect.at_s
                self._rearmed.set()
            case Read() | Write():
                assert self._tasks is not None
                self._tasks.create_task(self._read(effect) if isinstance(effect, Read) else self._write(effect))
            case Announce():
                self._announce(effect.event, effect.detail)
            case Lead() | StopLeading():
                self._post(effect)
            case Finished():
                self._finished = True
                self._rearmed.set()

    async def _timer(self) -> None:
        delay_s = min(self._timer_at_s - self._clock.now_s(), HEARTBEAT_S)
        self._rearmed.clear()
        try:
            async with asyncio.timeout(max(delay_s, 0.0)):
                await self._rearmed.wait()
        except TimeoutError:
            self.handled_at_s = self._clock.now_s()
            self._feed(TimerFired)

    async def _read(self, effect: Read) -> None:
        sent_at_s = self._clock.now_s()
        outcome = await self._api.leases.read(effect.timeout_s)
        self._count("read", outcome, self._clock.now_s() - sent_at_s)
        self._feed(partial(ReadDone, number=effect.number, outcome=outcome))

    async def _write(self, effect: Write) -> None:
        sent_at_s = self._clock.now_s()
        outcome = await self._api.leases.write(effect.kind, effect.body, effect.timeout_s)
        self._count(effect.kind, outcome, self._clock.now_s() - sent_at_s)
        self._feed(partial(WriteDone, number=effect.number, outcome=outcome))

    def _on_notified(self, record: Record, deleted: bool) -> None:
        self._feed(partial(RecordNotified, record=record, deleted=deleted))

    def _on_watch_began(self) -> None:
        self._feed(WatchBegan)

    def _count(self, verb: str, outcome: object, took_s: float) -> None:
        name = type(outcome).__name__.lower()
        self.figures.count(verb, name, took_s)
        self._tell("debug", "request", verb=verb, outcome=name, took_s=round(took_s, 6))
        trouble = getattr(outcome, "message", "") if name == "unknown" else ""
        if bool(trouble) != bool(self._trouble):
            level, event = ("warning", "api_trouble") if trouble else ("info", "api_works")
            self._tell(level, event, verb=verb, reason=trouble or None)
        self._trouble = trouble

    def _announce(self, event: str, detail: Mapping[str, object]) -> None:
        self.figures.transitions += event in ("became_leader", "new_leader")
        self._tell(_LEVELS.get(event, "info"), event, **detail)

    def _tell(self, level: str, event: str, **detail: object) -> None:
        state = self.state
        record, config = state.record, state.config
        seen = {"uid": record.uid, "resourceVersion": record.version} if record else {}
        self._log(level, event, election=config.election, identity=config.identity, **detail, **seen)

    def _post(self, effect: Lead | StopLeading) -> None:
        if not self._events:
            return
        identity = self.state.config.identity
        uid, wall_us = self.state.record.uid if self.state.record else "", self._clock.wall_us()
        if isinstance(effect, Lead):
            self._api.events.became_leader(identity, effect.token, lease_uid=uid, wall_us=wall_us)
        else:
            self._api.events.stopped_leading(identity, effect.token, effect.reason, lease_uid=uid, wall_us=wall_us)
