"""Owns the trial of a person's own job: the real core with their numbers, their way of reading, their guard or none.

The job is a list of units that each must be done once. A leader takes the first that is open, works on it for a second,
and writes that it is done; what is written again later was done twice.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leader_sidecar.core.messages import Effect, Lead, StopLeading
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.api_server import returned_body
from leader_sidecar.lab.app import App
from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.pods import Pod
from leader_sidecar.lab.schedule import Schedule
from leader_sidecar.lab.timeline import Timeline
from leader_sidecar.lab.trial_cases import CASES, LONGEST_S, Case
from leader_sidecar.lab.violation import Violation
from leader_sidecar.lab.world import World

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate

REPLICAS = 3
WORK_S = 1.0
"""How long a unit of work takes."""
_IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a person has chosen.

    Args:
        timing: of the election.
        cached: the job takes its copy of the Lease for the truth, however old; else it asks the sidecar, whose answer
            ends when the last write that a quorum confirmed is too old.
        guarded: what is written to refuses a token lower than the highest it has seen.
    """

    timing: Timing
    cached: bool = False
    guarded: bool = True


@dataclass(slots=True)
class Result:
    """What the runs of one case came to.

    Args:
        case: which one.
        runs: how many.
        failed_over: in how many of them a new term began after the trouble did.
        gaps_s: for each run, the longest time without a leader at work.
        done, twice, refused: units of work, those done twice, and writes that the guard refused.
        broken: promises that did not hold; none should ever be here.
    """

    case: Case
    runs: int = 0
    failed_over: int = 0
    gaps_s: list[float] = field(default_factory=list)
    done: int = 0
    twice: int = 0
    refused: int = 0
    broken: list[str] = field(default_factory=list)


class Store:
    """Where units are written; check and change are one step."""

    def __init__(self, guarded: bool) -> None:
        self.times_done: Counter[int] = Counter()
        self.refused = 0
        self._guarded = guarded
        self._mark = 0

    @property
    def first_open(self) -> int:
        """Return the unit to work on next."""
        return max(self.times_done, default=-1) + 1

    def stamp(self, token: int) -> bool:
        """Take a token, unless it is stale; a new leader's first act, before it looks what is open."""
        if self._guarded and token < self._mark:
            self.refused += 1
            return False
        self._mark = max(self._mark, token)
        return True

    def write(self, unit: int, token: int) -> None:
        """Take a unit as done."""
        if self.stamp(token):
            self.times_done[unit] += 1


class Worker(App):
    """The job in one pod.

    Args:
        world, pod: as every app's.
        job: what was chosen.
        store: where units are written.
    """

    def __init__(self, world: "TrialWorld", pod: Pod, job: Job, store: Store) -> None:
        super().__init__(world, pod)
        self._job = job
        self._store = store
        self._token = 0
        self._busy = False
        """It works; whatever happens meanwhile, it writes first and looks then."""

    def look(self, number: int) -> None:
        """Look whether to work; who does looks again when it is done, who does not now and then."""
        if number != self._looks or not self._pod.alive:
            return
        if self.frozen:
            self._waiting.append(lambda: self.look(number))
            return
        self._looks += 1
        process = self._pod.process
        token = self._held(process) if process is not None and process.alive else 0
        if not token:
            self._world.time.after(_IDLE_S, self.look, self._looks)
            return
        if token != self._token:
            self._token = token
            self._store.stamp(token)
        self._busy = True
        self._world.time.after(WORK_S, self._send, self._store.first_open, token, self._looks)

    def _held(self, process: "Candidate") -> int:
        """Return the token of the term that this replica believes to be in, 0 for none."""
        if self._job.cached:
            record = process.view.record
            return record.token if record is not None and record.holder == process.identity else 0
        if process.frozen:
            return 0
        answer = self._world.monitor.asked(process)
        return (answer.token or 0) if answer.is_leader else 0

    def _send(self, unit: int, token: int, number: int) -> None:
        if self.frozen:
            self._waiting.append(lambda: self._send(unit, token, number))
        elif self._pod.alive and number == self._looks:
            self._world.time.after(self._world.network.leg_s(), self._arrive, unit, token, number)

    def _arrive(self, unit: int, token: int, number: int) -> None:
        self._store.write(unit, token)
        self._busy = False
        self.look(number)

    def end_work(self) -> None:
        """Be done with all work, also with the unit that was begun: the app has ended."""
        self._looks += 1

    def look_soon(self) -> None:
        """Look again at once, unless at work: a long poll was answered."""
        if not self._busy:
            super().look_soon()


class _Terms(Timeline):
    """Note when a leader is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[float] = []
        self.gaps: list[tuple[float, float]] = []
        """From when to when nobody was at work."""
        self._at_work: set[Candidate] = set()
        self._nobody_since_s = 0.0

    def note(self, text: str, who: str = "") -> None:
        """Keep no lines."""

    def effect(self, process: "Candidate", effect: Effect) -> None:
        """Follow the terms."""
        if isinstance(effect, Lead):
            self.begun.append(process.world.time.now_s)
            self._goes_on(process)
        elif isinstance(effect, StopLeading):
            self._ceases(process)

    def life(self, process: "Candidate", what: str) -> None:
        """Follow who cannot work; a term of a process that wakes goes on if it still may."""
        if what == "wakes" and process.answer().is_leader:
            self._goes_on(process)
        elif what in ("freezes", "dies", "ends"):
            self._ceases(process)

    def _goes_on(self, process: "Candidate") -> None:
        if not self._at_work:
            self.gaps.append((self._nobody_since_s, process.world.time.now_s))
        self._at_work.add(process)

    def _ceases(self, process: "Candidate") -> None:
        if process in self._at_work:
            self._at_work.remove(process)
            self._nobody_since_s = process.world.time.now_s

    def finish(self, now_s: float) -> None:
        """Note a gap that lasts to the end."""
        if not self._at_work:
            self.gaps.append((self._nobody_since_s, now_s))


class TrialWorld(World):
    """Replicas of the job, on a Lease that was given back.

    Args:
        schedule: with the trouble.
        job: what was chosen.
    """

    def __init__(self, schedule: Schedule, job: Job) -> None:
        self.terms = _Terms()
        super().__init__(schedule, self.terms)
        self.terms.watch(self)
        self.store = Store(job.guarded)
        self._job = job

    def make_app(self, pod: Pod) -> App:
        """Make the job of a pod."""
        return Worker(self, pod, self._job, self.store)

    def populate(self) -> None:
        """Make the Lease and start the pods one by one."""
        self.api.create(returned_body(1))
        for index in range(self.schedule.pods):
            pod = self.add_pod(index, self.schedule.timing)
            self.time.after(self.rng.random(), pod.restart)


def try_out(job: Job, rounds: int, go_on: Callable[[int], bool]) -> list[Result]:
    """Try a job in all cases, round after round.

    Args:
        job: its timing must be sound.
        rounds: runs of each case.
        go_on: asked before each run with the number of those done; they end when it says no.

    Returns:
        A result for each case.
    """
    results = [Result(case) for case in CASES]
    for number in range(rounds * len(results)):
        if not go_on(number):
            break
        _run(job, results[number % len(results)], seed=number)
    return results


def _run(job: Job, result: Result, seed: int) -> None:
    rng = random.Random(seed)
    timing = job.timing
    begins_s = 10.0 + timing.lease_duration_s * (1 + rng.random())
    faults = result.case.draw(rng, begins_s)
    horizon_s = begins_s + LONGEST_S + 3 * timing.lease_duration_s * (1 + timing.max_drift) + 30.0
    world = TrialWorld(Schedule(seed, REPLICAS, timing, create_lease=False, faults=faults, horizon_s=horizon_s), job)
    world.quiet_by_s = horizon_s
    try:
        world.populate()
        plan_faults(world)
        world.time.run(horizon_s)
        world.liveness.finish()
    except Violation as violation:
        result.broken.append(f"{violation} (seed {seed})")
    world.terms.finish(world.time.now_s)
    result.runs += 1
    result.failed_over += any(begun_s > begins_s for begun_s in world.terms.begun)
    result.gaps_s.append(max(_gaps_after(world.terms.gaps, begins_s), default=0.0))
    result.done += len(world.store.times_done)
    result.twice += sum(times > 1 for times in world.store.times_done.values())
    result.refused += world.store.refused


def _gaps_after(gaps: list[tuple[float, float]], begins_s: float) -> Iterator[float]:
    return (until_s - from_s for from_s, until_s in gaps if until_s > begins_s)
