"""Owns one run's world: the API server, the network, the pods, what is promised at this moment, and what struck."""

import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from leader_sidecar.core.messages import Effect, Kind
from leader_sidecar.core.record import Record
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.api_server import ApiServer, first_body
from leader_sidecar.lab.app import App, Resource, Worksite
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.clocks import MachineClock
from leader_sidecar.lab.liveness import Liveness
from leader_sidecar.lab.monitor import Monitor
from leader_sidecar.lab.network import Network, Request
from leader_sidecar.lab.pods import Pod
from leader_sidecar.lab.schedule import LEADER, QUIET_BY_S, Schedule
from leader_sidecar.lab.virtual_time import VirtualTime
from leader_sidecar.lab.watching import Watch
from leader_sidecar.lab.write_checks import check_write

if TYPE_CHECKING:
    from leader_sidecar.lab.timeline import Timeline

Cut = Callable[[Candidate, list[Effect]], list[Effect]]


class World:
    """Everything of one run.

    Args:
        schedule: what it is made of.
        trace: writes the timeline; None for none.
        cut: takes effects away, for runs that are interrupted on purpose.
    """

    def __init__(self, schedule: Schedule, trace: "Timeline | None" = None, cut: Cut | None = None) -> None:
        self.schedule = schedule
        self.trace = trace
        self.cut = cut
        self.rng = random.Random(schedule.seed ^ 0x5EED)
        self.time = VirtualTime()
        self.quiet_by_s = QUIET_BY_S
        self.api = ApiServer(random.Random(schedule.seed ^ 0xA91), self.rng.randrange(1, 10_000))
        self.network = Network(self.time, self.api, random.Random(schedule.seed ^ 0x1E6), schedule.instant, self)
        self.liveness = Liveness(self)
        self.monitor = Monitor(self)
        self.resource = Resource(self)
        self.worksite = Worksite(self)
        self.pods: list[Pod] = []
        self.pods_ever: list[Pod] = []
        self.processes: list[Candidate] = []
        self.watches: list[Watch] = []
        self.author: dict[int, tuple[Record, Request]] = {}
        """Whose write stands in a record, by the record's identity (and the record, so that it lives on)."""
        self.struck_times: Counter[str] = Counter()
        self.excluded: Counter[str] = Counter()
        self.one_leader = True
        self.token_raised = False
        self.token_order = True
        self.restored = False
        self.liveness_excluded = ""
        self.floor = 0
        self.needed_floor = 0
        """What the last restore made necessary, whether the operator sees to it or not."""
        self.highest_token = 0
        self.longest_duration_s = 0
        self.last_disturbed_s = 0.0
        self.rough_s = 0.0
        self.outage_s = -1.0
        self.mixed = False
        self._nonces = 0
        self.api.watchers.append(self._changed)

    def populate(self) -> None:
        """Make the Lease, unless candidates are to, and start the pods one by one."""
        if not self.schedule.create_lease:
            body = first_body()
            self.api.create(body)
        for index in range(self.schedule.pods):
            pod = self.add_pod(index, self.schedule.timing)
            self.time.after(0.5 * index if self.schedule.instant else 3.0 * self.rng.random(), pod.restart)

    # --- pods ---------------------------------------------------------------------------------------------------------

    def add_pod(self, index: int, timing: Timing) -> Pod:
        """Make a pod, on a machine of its own or on that of the pod whose place it takes."""
        old = next((pod for pod in self.pods if pod.index == index), None)
        clock = old.clock if old is not None else MachineClock(self.time, 1000.0 + 1e5 * self.rng.random())
        pod = Pod(self, index, clock, timing, len(self.pods_ever) + 1)
        if old is not None:
            pod.link = old.link
            self.pods.remove(old)
        self.pods.append(pod)
        self.pods_ever.append(pod)
        return pod

    def make_app(self, pod: Pod) -> App:
        """Make the workload of a pod; a world with another workload makes that."""
        return App(self, pod)

    def pod(self, target: int) -> Pod:
        """Find the pod that a fault is for."""
        if target == LEADER:
            for process in self.processes:
                if process.view.leading:
                    return process.pod
            target = 0
        return next((pod for pod in self.pods if pod.index == target), self.pods[0])

    def bury(self, process: Candidate) -> None:
        """Forget a process that has ended."""
        if process in self.processes:
            self.processes.remove(process)
        self.watches = [watch for watch in self.watches if watch.process is not process]
        self.api.watchers = [
            watcher for watcher in self.api.watchers if getattr(watcher, "__self__", None) in (self, *self.watches)
        ]

    def next_nonce(self) -> int:
        """Number the processes."""
        self._nonces += 1
        return self._nonces

    # --- what happened ------------------------------------------------------------------------------------------------

    def struck(self, kind: str, until_s: float, who: object) -> None:
        """Count a fault that changed a message or the state, and note until when it may still show."""
        self.struck_times[kind] += 1
        self.disturb(until_s)
        if isinstance(who, Candidate):
            who.view.hits.append(self.time.now_s)
        if self.trace is not None:
            self.trace.struck(kind, who if isinstance(who, Candidate) else None)

    def disturb(self, until_s: float, gentle: bool = False) -> None:
        """Note that something may be unsettled until then; a gentle end of a process excuses no slow hand-over."""
        until_s = max(until_s, self.time.now_s)
        self.last_disturbed_s = max(self.last_disturbed_s, until_s)
        if not gentle:
            self.rough_s = max(self.rough_s, until_s)

    def disturbed_s(self, process: Candidate) -> float:
        """Say until when something beyond single messages troubled the whole world."""
        return self.outage_s

    def applied(self, request: Request, before: Record | None, after: Record | None) -> None:
        """See a sidecar's write take effect."""
        if self.trace is not None:
            self.trace.applied(request, after)
        if after is not None:
            self.author[id(after)] = (after, request)
        check_write(self, request, before, after)
        if request.kind is Kind.RELEASE and after is not None and after.released:
            assert isinstance(request.sender, Candidate)
            self.liveness.released(request.sender)

    def edit(self, what: str, body: dict[str, object]) -> Record:
        """Let somebody else write the Lease."""
        before = self.api.record
        after = self.api.store(body)
        for process in self.processes:  # whose next write it makes a conflict
            process.view.hits.append(self.time.now_s)
        if self.trace is not None:
            self.trace.note(f"somebody writes version {after.version}: {what}")
        # A write still stands, and proves as much as before, where an edit left what tells it from every other write.
        if before is not None and _standing(before) == _standing(after) and id(before) in self.author:
            self.author[id(after)] = (after, self.author[id(before)][1])
        return after

    def _changed(self, record: Record, deleted: bool) -> None:
        self.longest_duration_s = max(self.longest_duration_s, record.duration_s)

    # --- what is promised ---------------------------------------------------------------------------------------------

    def token_order_of(self, process: Candidate) -> bool:
        """Say whether a larger token is promised to this process, however its predecessors came to theirs."""
        return self.token_order and process.config.token_floor >= self.needed_floor

    def exclude_one_leader(self, why: str) -> None:
        """Stop checking I1: DESIGN does not promise it beyond here."""
        if self.one_leader:
            self.one_leader = False
            self.excluded[f"I1: {why}"] += 1

    def exclude_token_order(self, why: str) -> None:
        """Stop checking I2."""
        if self.token_order:
            self.token_order = False
            self.excluded[f"I2: {why}"] += 1

    def exclude_liveness(self, why: str) -> None:
        """Stop checking for a leader: this is not promised either."""
        if not self.liveness_excluded:
            self.liveness_excluded = why
            self.excluded[f"liveness: {why}"] += 1


def _standing(record: Record) -> tuple[str, str, str, int]:
    return record.uid, record.holder, record.renew_time, record.token
