"""Owns the faults of clocks: offsets, steps, rates, suspend, and pods that are timed differently."""

import math
import random
from dataclasses import replace

from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.schedule import Fault
from leader_sidecar.lab.world import World

_TEN_YEARS_US = 315_360_000_000_000


def _wall_offset(world: World, fault: Fault) -> None:
    rng = random.Random(fault.seed)
    for pod in world.pods:
        pod.clock.wall_offset_us = _offset_us(rng)
    world.struck_times["wall_offset"] += 1


def _wall_step(world: World, fault: Fault) -> None:
    world.pod(fault.target).clock.wall_offset_us += _offset_us(random.Random(fault.seed))
    world.struck("wall_step", world.time.now_s, None)
    _retime(world)


def _wall_stuck(world: World, fault: Fault) -> None:
    world.pod(fault.target).clock.stick(fault.for_s)
    world.struck("wall_stuck", world.time.now_s + fault.for_s, None)


def _offset_us(rng: random.Random) -> int:
    """Draw an offset: seconds as likely as years."""
    return int(_TEN_YEARS_US * 10 ** (-8 * rng.random())) * rng.choice((-1, 1))


def _rates(world: World, fault: Fault) -> None:
    """Let some clocks run as slowly and others as fast as ρ allows."""
    rng = random.Random(fault.seed)
    for pod in world.pods:
        pod.clock.set_rate(rng.choice(_extremes(world)))
    world.struck_times["rates_within_drift"] += 1
    _retime(world)


def _extremes(world: World) -> tuple[float, float]:
    half = math.sqrt(1 + world.schedule.timing.max_drift)
    return 1 / half, half * (1 - 1e-9)


def _rate_changes(world: World, fault: Fault) -> None:
    slow, fast = _extremes(world)
    clock, rng = world.pod(fault.target).clock, random.Random(fault.seed)
    if not slow <= clock.rate <= fast:
        return
    for share in (0.0, 0.3, 0.6, 1.0):
        world.time.after(share * fault.for_s, _change_rate, world, clock, rng.uniform(slow, fast))


def _change_rate(world: World, clock: object, rate: float) -> None:
    for pod in world.pods:
        if pod.clock is clock:
            pod.clock.set_rate(rate)
            world.struck("rate_changes", world.time.now_s, None)
    _retime(world)


def _beyond(world: World, fault: Fault) -> None:
    world.exclude_one_leader("a clock's rate beyond the drift")
    world.pod(fault.target).clock.set_rate(0.5 * 4**fault.size)
    world.struck_times["rate_beyond_drift"] += 1
    _retime(world)


def _suspend(world: World, fault: Fault) -> None:
    """Stop a machine: its processes and its monotonic clock, not its boottime."""
    pod = world.pod(fault.target)
    process = pod.process
    if process is None or process.frozen or not process.alive:
        return
    for_s = 1.0 + 0.98 * fault.for_s
    until_s = world.time.now_s + for_s
    world.struck("suspend", until_s + 5.0, None)
    process.view.disturbed_s = max(process.view.disturbed_s, until_s + 5.0)
    pod.clock.suspend()
    process.freeze()
    pod.app.freeze()
    world.time.at(until_s, _resume, process)


def _resume(process: Candidate) -> None:
    process.clock.resume()
    process.reset_timer_late()
    process.pod.app.wake()
    process.wake()


def _mixed(world: World, fault: Fault) -> None:
    """Give some pods longer timings, as in the midst of an upgrade that changes them."""
    timing = world.schedule.timing
    longer = replace(
        timing,
        lease_duration_s=timing.lease_duration_s * 2,
        renew_deadline_s=timing.renew_deadline_s * 2,
        renew_interval_s=timing.renew_interval_s * 2,
        stop_margin_s=timing.stop_margin_s,
    )
    assert not longer.faults(), longer.faults()
    _give(world, longer, random.Random(fault.seed))
    world.mixed = True
    world.struck_times["mixed_timings"] += 1


def _give(world: World, timing: Timing, rng: random.Random) -> None:
    for pod in world.pods[: rng.randrange(1, len(world.pods))]:
        pod.timing = timing


def _retime(world: World) -> None:
    for process in world.processes:
        process.reset_timer()


CLOCK_FAULTS = {
    "wall_offset": _wall_offset,
    "wall_step": _wall_step,
    "wall_stuck": _wall_stuck,
    "rates_within_drift": _rates,
    "rate_changes": _rate_changes,
    "rate_beyond_drift": _beyond,
    "suspend": _suspend,
    "mixed_timings": _mixed,
}
"""What begins each of these faults."""
