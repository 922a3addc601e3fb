"""Owns how each fault of a schedule begins and ends; what struck is counted where it strikes."""

from collections.abc import Callable

from leader_sidecar.lab.clock_faults import CLOCK_FAULTS
from leader_sidecar.lab.fault_kinds import FAULT_KINDS
from leader_sidecar.lab.lease_faults import LEASE_FAULTS
from leader_sidecar.lab.message_faults import ON_ANSWER, ON_REQUEST, ON_SERVER
from leader_sidecar.lab.network import ActiveFault, Link
from leader_sidecar.lab.process_faults import PROCESS_FAULTS
from leader_sidecar.lab.schedule import Fault
from leader_sidecar.lab.watch_faults import CUTS_WATCH, ON_WATCH, WATCH_FAULTS
from leader_sidecar.lab.world import World

Begin = Callable[[World, Fault], None]

_SPREAD = 0.35  # this often a message fault is on all links, not on one


def plan_faults(world: World) -> None:
    """Put the beginning of every fault into the queue."""
    for fault in world.schedule.faults:
        world.time.at(fault.at_s, _begin, world, fault)


def _begin(world: World, fault: Fault) -> None:
    if world.trace is not None:
        world.trace.begins(fault, _whom(world, fault))
    special = SPECIAL.get(fault.kind)
    if special is not None:
        special(world, fault)
        return
    pod = world.pod(fault.target)
    links = [p.link for p in world.pods] if fault.size < _SPREAD else [pod.link]
    if fault.kind == "swizzled_heal":
        _swizzle(world, fault)
        return
    for link in links:
        switch(world, fault, link, fault.for_s)
    if fault.kind in CUTS_WATCH:
        _reconnect_after(world, fault.for_s, links)


def _whom(world: World, fault: Fault) -> str:
    """Name the pod that a fault is for, "" where it is for more than one."""
    kind = FAULT_KINDS[fault.kind]
    everywhere = fault.kind not in SPECIAL and fault.size < _SPREAD
    if (
        everywhere
        or kind.from_start
        or kind.group in ("lease", "restore")
        or fault.kind in ("api_outage", "swizzled_heal")
    ):
        return ""
    return world.pod(fault.target).name


def switch(world: World, fault: Fault, link: Link, for_s: float) -> None:
    """Turn a message fault on for a while."""
    for place, acts in (
        (link.on_request, ON_REQUEST),
        (link.on_server, ON_SERVER),
        (link.on_answer, ON_ANSWER),
        (link.on_watch, ON_WATCH),
    ):
        if fault.kind in acts:
            active = ActiveFault(fault, acts[fault.kind])
            place.append(active)
            world.time.after(for_s, place.remove, active)


def _swizzle(world: World, fault: Fault) -> None:
    """Cut several pods off, one after the other, and let them back in another order."""
    pods = list(world.pods)
    world.rng.shuffle(pods)
    for pod in pods[: max(2, len(pods) * 2 // 3)]:
        for_s = fault.for_s * world.rng.uniform(0.3, 1.0)
        switch(world, fault, pod.link, for_s)
        _reconnect_after(world, for_s, [pod.link])


def _reconnect_after(world: World, for_s: float, links: list[Link]) -> None:
    """A partition's end breaks the stream that was mute; the process then starts a new one."""
    world.time.after(for_s + 1e-6, reconnect, world, links)


def reconnect(world: World, links: list[Link]) -> None:
    """Let the watches of these links start afresh."""
    for watch in list(world.watches):
        if watch.process.link in links:
            watch.cut()
            world.time.after(world.network.leg_s(), watch.connect)


def _outage(world: World, fault: Fault) -> None:
    world.api.down = True
    world.outage_s = world.time.now_s + fault.for_s
    world.disturb(world.outage_s)
    for watch in world.watches:
        watch.cut()
    world.time.after(fault.for_s, _outage_over, world, world.outage_s)


def _outage_over(world: World, until_s: float) -> None:
    if world.outage_s <= until_s:
        world.api.down = False
        reconnect(world, [pod.link for pod in world.pods])


SPECIAL: dict[str, Begin] = {
    "api_outage": _outage,
    **WATCH_FAULTS,
    **LEASE_FAULTS,
    **PROCESS_FAULTS,
    **CLOCK_FAULTS,
}
"""Faults that are more than a message fault on some links."""
