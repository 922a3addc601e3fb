"""Owns what a run is made of: pods, timings, faults, all drawn from one seed; data, so that it can be shrunk."""

import random
from dataclasses import dataclass, replace

from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.fault_kinds import FAULT_KINDS, GROUPS

HORIZON_S = 300.0
LAST_FAULT_S = 200.0
"""No fault begins or lasts beyond, so that the end of every run shows whether a leader comes back."""
QUIET_BY_S = 245.0
"""No delayed message arrives later."""

LEADER = -1
"""A target: whoever leads when the fault begins."""

TIMINGS = (
    Timing(),
    Timing(lease_duration_s=15, renew_deadline_s=12.2, renew_interval_s=5.0),
    Timing(lease_duration_s=10, renew_deadline_s=7.0, renew_interval_s=3.0, stop_margin_s=1.0, max_drift=0.2),
    Timing(lease_duration_s=30, renew_deadline_s=20.0, renew_interval_s=10.0, retry_period_s=2.0, max_drift=0.3),
)
_TIMING_WEIGHTS = (5, 3, 1, 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a schedule.

    Args:
        kind: one of `fault_kinds.FAULT_KINDS`.
        at_s, for_s: when it begins and how long it lasts, in world seconds.
        target: which pod, or `LEADER`.
        chance: how likely it hits each message while it is on.
        size: how much of it, from 0 to 1; each kind says of what.
        only: strikes only requests of this kind, "" for all.
        seed: of its own draws, so that taking away another fault changes nothing here.
    """

    kind: str
    at_s: float
    for_s: float
    target: int
    chance: float
    size: float
    only: str
    seed: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """One run, before it is run.

    Args:
        seed: of everything that is not a fault's own.
        pods: how many candidates there are.
        timing: of each, except where a fault gives some another one.
        create_lease: the Lease is absent at first and candidates may create it.
        faults: in the order of their beginning.
        instant: messages take no time: for runs without faults.
        horizon_s: how long the run lasts.
    """

    seed: int
    pods: int
    timing: Timing
    create_lease: bool
    faults: tuple[Fault, ...]
    instant: bool = False
    horizon_s: float = HORIZON_S


def make_schedule(seed: int, *, faultless: bool = False) -> Schedule:
    """Draw a schedule.

    Args:
        seed: the same one gives the same schedule and the same run.
        faultless: without any fault, on messages that take no time.
    """
    rng = random.Random(seed)
    pods = rng.choice((3, 3, 3, 4, 4, 5, 6, 7))
    timing = rng.choices(TIMINGS, _TIMING_WEIGHTS)[0]
    create_lease = rng.random() < 0.3
    faults = () if faultless else _draw_faults(rng, pods)
    return Schedule(seed, pods, timing, create_lease, faults, instant=faultless)


def _draw_faults(rng: random.Random, pods: int) -> tuple[Fault, ...]:
    """Draw a few kinds, each several times: bugs hide where few faults meet often, not where all do at once."""
    groups = rng.sample(list(GROUPS), rng.choice((1, 2, 2, 3)))
    names = [name for group in groups for name in rng.sample(GROUPS[group], min(len(GROUPS[group]), 2))]
    names += rng.sample(list(FAULT_KINDS), 2)
    names = list(dict.fromkeys(names))
    bursts = [rng.uniform(15.0, LAST_FAULT_S - 10.0) for _ in range(2)]
    faults = []
    for name in names:
        kind = FAULT_KINDS[name]
        for _ in range(1 if kind.once else rng.choice((1, 1, 2, 3))):
            faults.append(_draw_fault(rng, name, pods, bursts))
    return tuple(sorted(faults, key=lambda fault: (fault.at_s, fault.seed)))


def _draw_fault(rng: random.Random, name: str, pods: int, bursts: list[float]) -> Fault:
    kind = FAULT_KINDS[name]
    at_s = 0.0 if kind.from_start else _draw_instant_s(rng, bursts)
    longest_s = min(kind.longest_s, LAST_FAULT_S - at_s)
    for_s = longest_s * rng.random() ** 2 if kind.longest_s else 0.0
    return Fault(
        kind=name,
        at_s=round(at_s, 3),
        for_s=round(for_s, 3),
        target=LEADER if rng.random() < 0.6 else rng.randrange(pods),
        chance=rng.choice((1.0, 1.0, 0.6, 0.3)),
        size=rng.random(),
        only=rng.choice(kind.kinds) if kind.kinds and rng.random() < 0.4 else "",
        seed=rng.getrandbits(32),
    )


def _draw_instant_s(rng: random.Random, bursts: list[float]) -> float:
    """Draw when a fault begins: often near others, so that they meet."""
    if rng.random() < 0.6:
        return min(max(rng.choice(bursts) + rng.gauss(0.0, 4.0), 2.0), LAST_FAULT_S - 5.0)
    return rng.uniform(2.0, LAST_FAULT_S - 5.0)


def without(schedule: Schedule, indices: set[int]) -> Schedule:
    """Make the same schedule without some of its faults."""
    return replace(schedule, faults=tuple(f for i, f in enumerate(schedule.faults) if i not in indices))
