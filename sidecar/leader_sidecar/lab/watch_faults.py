"""Owns the faults of watches: silence, gaps, repetition, delay, bookmarks and 410."""

from typing import Any

from leader_sidecar.core.record import Record
from leader_sidecar.lab.network import ActiveFault
from leader_sidecar.lab.schedule import Fault
from leader_sidecar.lab.watching import Watch
from leader_sidecar.lab.world import World

CUTS_WATCH = frozenset({"partition", "partition_from_api", "watch_silent", "watch_skipped", "watch_bookmark"})
"""After these the stream starts afresh, as kube/watch.py does after silence or a gap that it noticed."""
_DROPPED = -1.0


def _dropped(world: World, active: ActiveFault, watch: Watch, record: Record, delay_s: float) -> float:
    world.struck(active.fault.kind, active.until_s, None)
    return _DROPPED


def _skipped(world: World, active: ActiveFault, watch: Watch, record: Record, delay_s: float) -> float:
    if active.rng.random() < 0.5:
        return delay_s
    return _dropped(world, active, watch, record, delay_s)


def _repeated(world: World, active: ActiveFault, watch: Watch, record: Record, delay_s: float) -> float:
    history = world.api.history
    old = history[-1 - int(min(len(history), 10) * active.rng.random())]
    late_s = delay_s + 5.0 * active.fault.size * active.rng.random()
    world.struck("watch_repeated", world.time.now_s + late_s, None)
    world.time.after(late_s, watch.show_again, old)
    return delay_s


def _delayed(world: World, active: ActiveFault, watch: Watch, record: Record, delay_s: float) -> float:
    late_s = max(min(60.0 * 10 ** (-3 * active.rng.random()), world.quiet_by_s - world.time.now_s), 0.0)
    world.struck("watch_delayed", world.time.now_s + late_s, None)
    return delay_s + late_s


def _gone(world: World, fault: Fault) -> None:
    for watch in list(world.watches):
        if watch.connected and (fault.size < 0.5 or watch.process.pod is world.pod(fault.target)):
            watch.cut()
            world.struck("watch_gone", world.time.now_s + 0.1, None)
            world.time.after(0.1 * world.rng.random(), watch.connect)


ON_WATCH: dict[str, Any] = {
    "watch_silent": _dropped,
    "watch_skipped": _skipped,
    "watch_bookmark": _skipped,
    "watch_repeated": _repeated,
    "watch_delayed": _delayed,
    "partition": _dropped,
    "partition_from_api": _dropped,
    "swizzled_heal": _dropped,
}
WATCH_FAULTS = {"watch_gone": _gone}
