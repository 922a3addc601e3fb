"""Owns how a run of the laboratory is told in the model's steps: what spec/Replay.tla is given.

It watches the real core and the laboratory's API server and names what happens; whether it may happen is for the model.
After each step it notes what the process knew, or how the Lease stood, which the model must agree with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leader_sidecar.core import elector
from leader_sidecar.core.messages import (
    Absent,
    Effect,
    Event,
    Found,
    HealthChanged,
    Kind,
    Read,
    ReadDone,
    RecordNotified,
    Rejected,
    Started,
    Write,
    WriteDone,
    Written,
)
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import State
from leader_sidecar.lab.app import Resource
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.network import Request
from leader_sidecar.lab.schedule import Schedule
from leader_sidecar.lab.timeline import Timeline
from leader_sidecar.lab.world import World

Step = dict[str, Any]
NOBODY, SOMEBODY = "Nobody", "Somebody"

_WRITES = {Kind.CLAIM: "Claim", Kind.TOKEN: "WriteToken", Kind.RENEW: "Renew", Kind.RELEASE: "Release"}


class NotModelled(Exception):
    """The run had something that the model leaves out, such as an etcd restore."""


@dataclass
class Run:
    """What happened in one schedule.

    Args:
        seed: of the schedule.
        steps: in their order.
        struck: how often each fault did.
    """

    seed: int
    steps: list[Step]
    struck: dict[str, int] = field(default_factory=dict)

    @property
    def terms(self) -> int:
        """How many token writes took effect."""
        sent = {step["stamp"] for step in self.steps if step["do"] == "WriteToken"}
        return sum(step["do"] == "TakeEffect" and step["stamp"] in sent for step in self.steps)


def record(schedule: Schedule) -> Run:
    """Run a schedule and tell it in the model's steps.

    Raises:
        NotModelled: something happened that the model leaves out.
    """
    recorder = Recorder()
    world = World(schedule, recorder)
    recorder.world = world
    world.resource = _RecordedResource(world, recorder)
    world.populate()
    plan_faults(world)
    world.time.run(schedule.horizon_s)
    recorder.look()
    return Run(schedule.seed, recorder.finished(), dict(world.struck_times))


class Recorder(Timeline):
    """Collect steps in place of lines."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[Step] = []
        self._served: list[tuple[int, Step]] = []
        """Reads, each with how many steps were before the moment at which the server answered it."""
        self._stood: list[tuple[int, int]] = [(0, 0)]
        """The Lease's version, 0 for no Lease, with how many steps were before it stood."""
        self._history = 0
        self._uid = ""
        self._renew_time = ""
        self._identities: dict[str, tuple[str, int]] = {}
        self._numbers: dict[tuple[str, int], tuple[tuple[str, int], int, int]] = {}
        self._sent_after: dict[tuple[str, int], int] = {}
        self._effects: dict[int, Step] = {}

    def finished(self) -> list[Step]:
        """Return all steps, reads put in where they were served."""
        steps: list[Step] = []
        served = sorted(self._served, key=lambda item: item[0])
        for index in range(len(self._steps) + 1):
            while served and served[0][0] == index:
                steps.append(served.pop(0)[1])
            steps += self._steps[index : index + 1]
        return steps

    # --- the API server -----------------------------------------------------------------------------------------------

    def note(self, text: str, who: str = "") -> None:
        """Lines are for people."""

    def applied(self, request: Request, record: Record | None) -> None:
        """See a sidecar's write take effect."""
        self.look(request)

    def look(self, request: Request | None = None) -> None:
        """Tell what became of the Lease since the last look; its last change was this request's."""
        assert self.world is not None
        api = self.world.api
        if len(api.history) < self._history:
            raise NotModelled("an etcd restore")
        new, self._history = api.history[self._history :], len(api.history)
        for record in new:
            self._changed(record, request if record is new[-1] else None)
        if self._uid and api.record is None:
            self._deleted()

    def _changed(self, record: Record, request: Request | None) -> None:
        if self._uid and record.uid != self._uid:
            self._deleted()
        if not self._uid:
            self._uid = record.uid
            step: Step = {"do": "MakeLease", "version": record.version}
        elif request is None:
            keeps = record.renew_time == self._renew_time
            step = {"do": "EditLease", "version": record.version, "token": record.token, "keepsStamp": keeps}
            step["holder"] = self._holder(record)
        else:
            stamp = self._numbers[self._key(request)]
            step = {"do": "TakeEffect", "stamp": stamp, "version": record.version, "acknowledged": False}
            self._effects[record.version] = step
        self._renew_time = record.renew_time
        shown = {"version": record.version, "holder": self._holder(record), "token": record.token}
        self._add({**step, "lease": {**shown, "released": record.released}}, into=step)
        self._stood.append((len(self._steps), record.version))

    def _deleted(self) -> None:
        self._uid = ""
        self._add({"do": "DeleteLease"})
        self._stood.append((len(self._steps), 0))

    def _holder(self, record: Record) -> tuple[str, int] | str:
        return self._identities.get(record.holder, SOMEBODY) if record.holder else NOBODY

    def _add(self, step: Step, into: Step | None = None) -> None:
        if into is None:
            into = step
        into.update(step)
        self._steps.append(into)

    # --- the processes ------------------------------------------------------------------------------------------------

    def effect(self, process: Candidate, effect: Effect) -> None:
        """Effects are told with the event that leads to them."""

    def event(self, process: Candidate, event: Event) -> None:
        """Tell what the core makes of an event: it is a function, so it can be asked before it is told."""
        self.look()
        before = process.state
        after, effects = elector.step(before, event)
        if isinstance(event, HealthChanged) or after.suspect_since_s is not None or after.barred:
            raise NotModelled("a process that cannot trust itself or its API server")
        who = self._who(process)
        if isinstance(event, Started):
            self._started(process)
        started = len(self._steps)
        self._learned(process, who, before, after, event)
        for effect in effects:
            self._sent(process, who, after, effect)
        if len(self._steps) > started:
            self._steps[-1]["known"] = self._known(process, after)

    def _started(self, process: Candidate) -> None:
        pod, number = self._identities[process.identity]
        if number:
            self._add({"do": "Restart", "who": pod})

    def _learned(self, process: Candidate, who: str, before: State, after: State, event: Event) -> None:
        grant = before.grant
        lapsed = grant is not None and event.at_s >= grant.valid_until_s
        if lapsed:
            self._add({"do": "StepDown", "who": who})
        if isinstance(event, ReadDone | WriteDone):
            self._heard(process, who, before, after, event)
        elif isinstance(event, RecordNotified):
            self._shown(who, before, event)
        elif grant is not None and not lapsed and after.grant is None:
            self._add({"do": "StepDown", "who": who})

    def _heard(self, process: Candidate, who: str, before: State, after: State, event: ReadDone | WriteDone) -> None:
        flight, outcome = before.flight, event.outcome
        if flight is None or flight.number != event.number:
            return
        step = {"do": "HearAnswer", "who": who, "counts": after.grant is not None}
        sent = self._sent_after[process.identity, flight.number]
        if isinstance(outcome, Found | Written) and flight.kind in (Kind.READ, Kind.CREATE):
            self._serve(who, flight.newest_version, outcome.record.version, sent)
        elif isinstance(outcome, Absent) and flight.kind is Kind.READ:
            self._serve(who, flight.newest_version, 0, sent)
        elif isinstance(outcome, Written) and outcome.record.version > flight.base:
            self._effects[outcome.record.version]["acknowledged"] = True
        else:
            if isinstance(outcome, Rejected) and before.grant is not None and after.grant is None:
                self._add({"do": "StepDown", "who": who})
            return
        self._add(step)

    def _serve(self, who: str, newest: int, version: int, sent: int) -> None:
        """Tell when a read was served: the last moment at which the Lease stood as it was answered."""
        ends = [index for index, _ in self._stood[1:]] + [len(self._steps) + 1]
        for (since, stood), until in zip(reversed(self._stood), reversed(ends), strict=True):
            if stood == version and until > sent:
                at = max(min(until - 1, len(self._steps)), since, sent)
                self._served.append((at, {"do": "Read", "who": who, "newest": newest}))
                return
        raise NotModelled(f"a read that was answered with version {version}, which did not stand any more")

    def _shown(self, who: str, before: State, event: RecordNotified) -> None:
        known = before.record.version if before.record else 0
        if event.record.version >= before.newest_version and event.record.version != known and not event.deleted:
            self._add({"do": "WatchShows", "who": who, "version": event.record.version})

    def _sent(self, process: Candidate, who: str, after: State, effect: Effect) -> None:
        if not isinstance(effect, Read | Write):
            return
        key = (process.identity, effect.number)
        self._sent_after[key] = len(self._steps)
        if isinstance(effect, Read) or effect.kind is Kind.CREATE:
            return
        assert after.flight is not None
        base = after.flight.base
        number = sum(attempt.base == base for attempt in after.tries)
        self._numbers[key] = (self._identities[process.identity], base, number)
        step: Step = {"do": _WRITES[effect.kind], "who": who, "stamp": self._numbers[key]}
        if effect.kind is Kind.CLAIM:
            step["waited"] = after.now_s >= after.free_at_s
        self._add(step)

    def _who(self, process: Candidate) -> str:
        """Name the pod, and number its processes."""
        pod = f"{process.pod.name}/{process.pod.uid[-3:]}"
        if process.identity not in self._identities:
            number = sum(known == pod for known, _ in self._identities.values())
            self._identities[process.identity] = (pod, number)
        return pod

    def _key(self, request: Request) -> tuple[str, int]:
        assert isinstance(request.sender, Candidate)
        return request.sender.identity, request.number

    def _known(self, process: Candidate, state: State) -> Step:
        me = self._identities[process.identity]
        tries = set()
        for attempt in state.tries:
            stamp = self._numbers[process.identity, attempt.number]
            assert stamp[0] == me
            tries.add((attempt.kind.value, attempt.base, stamp[2]))
        return {
            "record": state.record.version if state.record else 0,
            "newest": state.newest_version,
            "highest": state.highest_token,
            "tries": frozenset(tries),
            "claim": state.claim_version,
            "term": (state.grant.token, state.grant.version) if state.grant else (0, 0),
        }


class _RecordedResource(Resource):
    """The laboratory's guard, as it is, and what it was asked.

    Args:
        world: where it is.
        recorder: is told.
    """

    def __init__(self, world: World, recorder: Recorder) -> None:
        super().__init__(world)
        self._recorder = recorder

    def accept(self, item: int, token: int) -> bool:
        """Take a write, or not, and tell the mark that stands then."""
        self._recorder.look()
        accepted = super().accept(item, token)
        step = {"do": "GuardReceives", "resource": item, "token": token, "mark": self._marks[item]}
        self._recorder._add(step)
        return accepted
