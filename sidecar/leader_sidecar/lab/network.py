"""Owns the way of a request: from a process to the API server and its answer back, with whatever faults are on the way.

One request has one end: an outcome as `kube/` would tell it, or the attempt's timeout. The faults themselves are in
`message_faults`; here is only where they strike.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from leader_sidecar.core.messages import Kind, Unknown
from leader_sidecar.core.record import Record
from leader_sidecar.lab.api_server import ApiServer, handle
from leader_sidecar.lab.schedule import Fault
from leader_sidecar.lab.virtual_time import VirtualTime

NEVER_S = float("inf")


class Sender(Protocol):
    """Who sends requests and is told their end."""

    def ended(self, request: "Request", outcome: object) -> None:
        """Take the outcome of this request."""

    def told_again(self, request: "Request", outcome: object) -> None:
        """Take an outcome once more."""


@dataclass(slots=True, eq=False)
class Request:
    """One request under way.

    Args:
        sender, number, kind, body: whose, and what.
        sent_s, sent_boot_s: when its sender decided on it, in world time and on the sender's machine.
        deadline_s: world time at which the attempt times out.
        newest: the highest version its sender had been shown before.
        applied: the record that this write became.
        timed: its timeout is in the queue.
    """

    sender: Sender
    number: int
    kind: Kind
    body: Mapping[str, Any]
    sent_s: float
    sent_boot_s: float
    deadline_s: float
    newest: int
    applied: object = None
    timed: bool = False

    @property
    def base(self) -> int:
        """Return the version that this write replaces, 0 for none."""
        metadata = self.body.get("metadata") or {}
        return int(metadata.get("resourceVersion") or 0)


class ActiveFault:
    """A message fault while it is on.

    Args:
        fault: of the schedule.
        act: what it does, one of `message_faults`.
    """

    def __init__(self, fault: Fault, act: Callable[..., Any]) -> None:
        self.fault = fault
        self.act = act
        self.until_s = fault.at_s + fault.for_s
        self.rng = random.Random(fault.seed)

    def strikes(self, request: Request) -> bool:
        """Decide whether this message is one of those that it hits."""
        only = self.fault.only
        if only and only != request.kind.value:
            return False
        return self.fault.chance >= 1.0 or self.rng.random() < self.fault.chance


@dataclass
class Link:
    """What lies between one pod and the API server: the faults that are on, each at the place where it strikes."""

    on_request: list[ActiveFault] = field(default_factory=list)
    on_server: list[ActiveFault] = field(default_factory=list)
    on_answer: list[ActiveFault] = field(default_factory=list)
    on_watch: list[ActiveFault] = field(default_factory=list)


class Observer(Protocol):
    """Who sees what happens on the way."""

    def struck(self, kind: str, until_s: float, who: object) -> None:
        """Count a fault that changed a message, and note until when it may still show."""

    def applied(self, request: Request, before: Record | None, after: Record | None) -> None:
        """See a write take effect."""


class Network:
    """Carry requests and answers.

    Args:
        time, api: the world's.
        rng: for how long messages take when nothing is wrong.
        instant: messages take no time at all.
        monitor: sees what happens.
    """

    def __init__(self, time: VirtualTime, api: ApiServer, rng: random.Random, instant: bool, monitor: Observer) -> None:
        self.time = time
        self.api = api
        self.monitor = monitor
        self._rng = rng
        self._leg_s = 0.0 if instant else 1.0

    def leg_s(self) -> float:
        """Draw how long a message takes."""
        return self._leg_s * (0.0005 + 0.008 * self._rng.random() ** 2)

    def send(self, request: Request, link: Link) -> None:
        """Put a request on its way."""
        time = self.time
        delay_s = self.leg_s()
        if link.on_request:
            for active in link.on_request:
                if active.strikes(request):
                    delay_s = active.act(self, active, request, link, delay_s)
        if time.now_s + delay_s >= request.deadline_s:
            self._time_out(request)
        if delay_s != NEVER_S:
            time.after(delay_s, self.arrive, request, link)

    def arrive(self, request: Request, link: Link) -> None:
        """Let the server handle a request and send the answer back."""
        if self.api.down:
            self.monitor.struck("api_outage", self.time.now_s, request.sender)
            self.answer(request, link, Unknown("connection refused"))
            return
        outcome: object = None
        for active in link.on_server:
            if outcome is None and active.strikes(request):
                outcome = active.act(self, active, request)
        self.answer(request, link, outcome if outcome is not None else self.handle(request))

    def handle(self, request: Request) -> object:
        """Let the server do what the request asks for."""
        before = self.api.record
        outcome = handle(self.api, request.kind, request.body)
        if request.kind is not Kind.READ and self.api.record is not before:
            request.applied = self.api.record
            self.monitor.applied(request, before, self.api.record)
        return outcome

    def answer(self, request: Request, link: Link, outcome: object) -> None:
        """Put an answer on its way; one that would come after the timeout is never told."""
        time = self.time
        delay_s = self.leg_s()
        if link.on_answer:
            for active in link.on_answer:
                if active.strikes(request):
                    delay_s, outcome = active.act(self, active, request, delay_s, outcome)
        if time.now_s + delay_s < request.deadline_s:
            time.after(delay_s, request.sender.ended, request, outcome)
        else:
            self._time_out(request)

    def _time_out(self, request: Request) -> None:
        if not request.timed:
            request.timed = True
            if request.deadline_s != NEVER_S:
                self.time.at(request.deadline_s, request.sender.ended, request, Unknown("timeout"))
