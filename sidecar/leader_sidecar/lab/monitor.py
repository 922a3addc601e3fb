"""Owns the checks of what processes answer: I1, I2, I3, I4, I8, I9 and I10, at every step of every process.

It sees what was sent, shown and answered, and compares with the promises alone; it never asks the core why.
"""

from typing import TYPE_CHECKING

from leader_sidecar.core.messages import (
    Absent,
    Announce,
    Effect,
    Event,
    Found,
    HealthChanged,
    Kind,
    ReadDone,
    RecordNotified,
    Rejected,
    ResignRequested,
    StopLeading,
    StopRequested,
    WriteDone,
    Written,
)
from leader_sidecar.core.record import Record
from leader_sidecar.core.status import Answer
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.network import Request
from leader_sidecar.lab.violation import Violation

if TYPE_CHECKING:
    from leader_sidecar.lab.world import World

_ROUNDING_S = 1e-5
Cause = tuple[str, str]


class Monitor:
    """Check every step.

    Args:
        world: what is checked.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._published: dict[int, str] = {}
        self._highest_published = 0

    # --- before a step: what it must lead to --------------------------------------------------------------------------

    def cause(self, process: Candidate, fact: Event, heard: Request | None) -> Cause | None:
        """Note what this event shows to the process, and say which promise makes the next answer false, and why."""
        if isinstance(fact, RecordNotified):
            return self._hint(process, fact)
        if isinstance(fact, ReadDone | WriteDone):
            return self._outcome(process, heard, fact.outcome) if heard is not None else None
        if isinstance(fact, StopRequested | ResignRequested):
            if not fact.app_at_work:  # whose work is done was promised nothing
                process.pod.promise_until_boot_s = 0.0
                process.pod.app.end_work()
            return "I9", "it was asked to end"
        if isinstance(fact, HealthChanged) and not fact.healthy:
            return "I9", "it cannot trust itself"
        return None

    def _hint(self, process: Candidate, fact: RecordNotified) -> Cause | None:
        view, record = process.view, fact.record
        if record.version < view.newest or fact.deleted or view.regresses(record):
            return None
        over = view.contradicts(record, process.identity)
        view.show(record)
        return ("I8", f"the watch showed version {record.version}") if over else None

    def _outcome(self, process: Candidate, request: Request, outcome: object) -> Cause | None:
        view = process.view
        if isinstance(outcome, Found):
            record = outcome.record
            if record.version < request.newest or (record.version >= view.newest and view.regresses(record)):
                return self._regression(process)
            if record.version < view.newest:
                return None
            view.suspect_boot_s = None
            return self._shown(process, record)
        if isinstance(outcome, Written):
            record = outcome.record
            if record.version <= request.base or record.version < view.newest:
                return None
            return self._regression(process) if view.regresses(record) else self._shown(process, record)
        if request.kind is not Kind.READ:
            return None
        if isinstance(outcome, Absent) and request.newest == view.newest:
            view.suspect_boot_s, view.record = None, None
            return "I8", "the Lease is absent"
        if isinstance(outcome, Rejected) and outcome.status == 200:
            return "I9", "the record cannot be read"
        return None

    def _regression(self, process: Candidate) -> Cause:
        view, now_s = process.view, process.clock.boottime_s()
        if view.suspect_boot_s is None:
            view.suspect_boot_s = now_s
        view.barred |= now_s - view.suspect_boot_s > process.config.timing.lease_duration_s + _ROUNDING_S
        return "I10", "a read went back in time"

    def _shown(self, process: Candidate, record: Record) -> Cause | None:
        view = process.view
        over = view.contradicts(record, process.identity)
        view.show(record)
        written = self._world.author.get(id(record), (record, None))[1]
        ours = written is not None and written.sender is process and written.kind in (Kind.TOKEN, Kind.RENEW)
        # After a restore an older write of ours may stand again; it takes nothing back.
        if written is not None and ours and written.sent_s >= view.proved_sent_s:
            view.proved, view.proved_sent_s = record, written.sent_s
            view.proved_until_boot_s = written.sent_boot_s + process.config.timing.renew_deadline_s
        return ("I8", f"version {record.version} was read") if over else None

    # --- after a step -------------------------------------------------------------------------------------------------

    def stepped(self, process: Candidate, fact: Event, effects: list[Effect], cause: Cause | None) -> None:
        """Compare the answer after a step with what had to come of it."""
        view = process.view
        if effects and view.suspect_boot_s is None and not self._world.restored:
            self._no_false_alarm(process, effects)
        if not process.alive:
            if view.leading:
                self.died(process)
            return
        answer = process.answer()
        if not answer.is_leader:
            if view.leading:
                self._ended(process, cause)
            return
        if view.leading and cause is not None and answer.token == view.token:
            raise Violation(cause[0], f"{process.name} still answers true after this: {cause[1]}")
        if view.leading and answer.token != view.token and not any(isinstance(e, StopLeading) for e in effects):
            raise Violation("I3", f"{process.name}'s token became {answer.token} from {view.token} within a term")
        self._answered(process, answer)
        self._recognised(process, fact)

    def _no_false_alarm(self, process: Candidate, effects: list[Effect]) -> None:
        """I10: a delayed answer is not a restore."""
        for effect in effects:
            if isinstance(effect, Announce) and effect.event == "regression":
                raise Violation("I10", f"{process.name} sees a restore where there is none: {effect.detail['reason']}")

    def _answered(self, process: Candidate, answer: Answer) -> None:
        """Check an answer that says true."""
        view, world = process.view, self._world
        until_boot_s = process.clock.boottime_s() + answer.valid_until_s - process.clock.now_s()
        if until_boot_s <= process.clock.boottime_s():
            raise Violation("I9", f"{process.name} answers true after its validity has run out")
        if until_boot_s > view.proved_until_boot_s + _ROUNDING_S:
            over_s = until_boot_s - view.proved_until_boot_s
            raise Violation("I4", f"{process.name} leads {over_s:.3f} s longer than what was proved to it allows")
        if not view.leading or view.token != answer.token:
            self._begun(process, answer)
        view.leading, view.token, view.until_boot_s = True, answer.token, until_boot_s
        process.pod.promise_until_boot_s = max(process.pod.promise_until_boot_s, until_boot_s)
        if world.one_leader:
            self._alone(process)

    def _begun(self, process: Candidate, answer: Answer) -> None:
        """Check the first true answer of a term."""
        view, world, token = process.view, self._world, answer.token
        assert token is not None
        if view.barred:
            raise Violation("I10", f"{process.name} leads though its reads had gone back in time for D")
        if view.proved is None or token != view.proved.token:
            raise Violation("I4", f"{process.name} publishes token {token}, which no write proved to it carries")
        if world.token_order_of(process):
            if token in self._published:
                raise Violation("I2", f"{process.name} publishes token {token}, as {self._published[token]} did")
            if world.one_leader and token < self._highest_published:
                raise Violation("I2", f"{process.name} publishes token {token} after {self._highest_published}")
        self._published[token] = process.name
        self._highest_published = max(self._highest_published, token)
        if world.one_leader:
            self._promises_kept(process)
        world.liveness.begun(process)

    def _alone(self, process: Candidate) -> None:
        """I1: nobody else may answer true at this instant."""
        for other in self._world.processes:
            if other.view.leading and other is not process and other.alive and not other.frozen:
                if other.answer().is_leader:
                    text = f"{process.name} (token {process.view.token}) and {other.name} (token {other.view.token})"
                    raise Violation("I1", f"two leaders: {text} both answer true")
                self._ended(other, None)

    def _promises_kept(self, process: Candidate) -> None:
        """I1 with its margin: what other pods were promised, and M more, must be over on their own clocks."""
        for pod in self._world.pods_ever:
            if pod.uid == process.pod.uid or not pod.promise_until_boot_s:
                continue
            left_s = pod.promise_until_boot_s + pod.timing.stop_margin_s - pod.clock.boottime_s()
            if left_s > _ROUNDING_S:
                raise Violation("I1", f"{process.name} leads while {pod.name} may still work for {left_s:.3f} s")

    def _ended(self, process: Candidate, cause: Cause | None) -> None:
        """A term is over: something must have ended it, and one lost message is not enough."""
        view, world = process.view, self._world
        view.leading = False
        world.liveness.ended(process)
        if cause is not None or world.cut is not None:
            return
        if process.clock.boottime_s() < view.until_boot_s - _ROUNDING_S:
            raise Violation("L3", f"{process.name}'s term ended without a cause")
        hits = sum(at_s >= view.proved_sent_s - _ROUNDING_S for at_s in view.hits)
        if hits <= 1 and view.disturbed_s < view.proved_sent_s and world.disturbed_s(process) < view.proved_sent_s:
            raise Violation("L3", f"{process.name}'s term lapsed though {hits} of its messages went wrong")

    def _recognised(self, process: Candidate, fact: Event) -> None:
        """A leader counts every write of its own that was proved to it."""
        view = process.view
        if view.proved is not None and view.proved.token == view.token and isinstance(fact, ReadDone | WriteDone):
            short_s = view.proved_until_boot_s - view.until_boot_s
            # After an etcd restore a write may take effect on a version that a hint has shown to be past.
            if short_s > _ROUNDING_S and not view.suspect_boot_s and not self._world.restored:
                raise Violation("L4", f"{process.name} leads {short_s:.3f} s less than its proved write allows")

    # --- at other moments ---------------------------------------------------------------------------------------------

    def asked(self, process: Candidate) -> Answer:
        """Let somebody ask this process, and check the answer."""
        answer = process.answer()
        if answer.is_leader:
            self._answered(process, answer)
        elif process.view.leading:
            self._ended(process, None)
        return answer

    def woken(self, process: Candidate) -> None:
        """Check the first answer after a process was stopped, before it handles anything."""
        self.asked(process)

    def died(self, process: Candidate) -> None:
        """Note that a process is gone."""
        if process.view.leading:
            process.view.leading = False
            self._world.liveness.ended(process)
