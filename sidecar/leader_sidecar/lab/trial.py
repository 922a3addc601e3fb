"""Owns the trial of a person's own job: the real core with their numbers, their way of reading, their guard or none.

One kind of trouble a run, many runs of each kind, and a count of what it did.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from leader_sidecar.lab.api_server import returned_body
from leader_sidecar.lab.app import App
from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.pods import Pod
from leader_sidecar.lab.schedule import Schedule
from leader_sidecar.lab.trial_cases import CASES, LONGEST_S, Case
from leader_sidecar.lab.trial_job import Job, Store, Worker
from leader_sidecar.lab.trial_terms import Terms
from leader_sidecar.lab.violation import Violation
from leader_sidecar.lab.world import World

REPLICAS = 3


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


class TrialWorld(World):
    """Replicas of the job, on a Lease that was given back.

    Args:
        schedule: with the trouble.
        job: what was chosen.
    """

    def __init__(self, schedule: Schedule, job: Job) -> None:
        self.terms = Terms()
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
