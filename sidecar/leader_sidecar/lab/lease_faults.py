"""Owns what others do to the Lease: delete it, edit it, stand for it with another elector, restore it from a backup."""

import random
from typing import Any

from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION
from leader_sidecar.lab.api_server import first_body
from leader_sidecar.lab.contender import Contender
from leader_sidecar.lab.schedule import LEADER, Fault
from leader_sidecar.lab.world import World

_UNSAID = "a longer duration forgotten in mixed timings"


def _body(world: World) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
    """Copy the Lease to be edited: the whole, its spec and its annotations."""
    if world.api.record is None:
        return None
    old = world.api.record.body
    spec = dict(old.get("spec") or {})
    annotations = dict(old["metadata"].get("annotations") or {})
    return {**old, "metadata": {**old["metadata"], "annotations": annotations}, "spec": spec}, spec, annotations


def _forgets_duration(world: World) -> None:
    if world.mixed:
        world.exclude_one_leader(_UNSAID)


def _edited(world: World, fault: Fault, body: dict[str, Any]) -> None:
    world.edit(fault.kind, body)
    world.struck(fault.kind, world.time.now_s, None)


def _deleted(world: World, fault: Fault) -> None:
    if world.api.record is None:
        return
    _forgets_duration(world)
    _forgets_token(world)
    again = fault.kind == "lease_made_again"
    after_s = 0.0 if again else 1.0 + 19.0 * fault.size
    world.api.delete()
    world.struck(fault.kind, world.time.now_s + after_s, None)
    if again or not world.schedule.create_lease:
        world.time.after(after_s, _make, world)


def _make(world: World) -> None:
    if world.api.record is None:
        world.api.create(first_body())
        world.disturb(world.time.now_s)


def _wiped(world: World, fault: Fault) -> None:
    if (found := _body(world)) is None:
        return
    body, spec, _ = found
    _forgets_duration(world)
    if fault.size < 0.4:
        spec.clear()
    else:
        spec["holderIdentity"] = ""
        spec["leaseDurationSeconds"] = 1 if fault.size < 0.8 else spec.get("leaseDurationSeconds", 1)
    _edited(world, fault, body)


def _holder(world: World, fault: Fault) -> None:
    if (found := _body(world)) is not None:
        found[1]["holderIdentity"] = f"somebody-{fault.seed % 7}"
        found[1].setdefault("leaseDurationSeconds", 15)
        _edited(world, fault, found[0])


def _shorter(world: World, fault: Fault) -> None:
    if (found := _body(world)) is not None:
        _forgets_duration(world)
        found[1]["leaseDurationSeconds"] = 1 + int(3 * fault.size)
        _edited(world, fault, found[0])


def _longer(world: World, fault: Fault) -> None:
    if (found := _body(world)) is not None:
        found[1]["leaseDurationSeconds"] = 16 + int(200 * fault.size)
        world.exclude_liveness("a foreign longer duration")
        _edited(world, fault, found[0])


def _forgets_token(world: World) -> None:
    if world.token_raised:  # what the annotation alone has told is lost with it
        world.exclude_token_order("a token raised by others and then lost")


def _token(world: World, fault: Fault) -> None:
    if (found := _body(world)) is None:
        return
    annotations = found[2]
    token = int(world.api.record.token if world.api.record else 0)
    _forgets_token(world)
    if fault.size < 0.3:
        annotations.pop(TOKEN_ANNOTATION, None)
    elif fault.size < 0.6:
        annotations[TOKEN_ANNOTATION] = random.Random(fault.seed).choice(("", "x", "-1", "1e3", "007", "9" * 40))
    else:
        annotations[TOKEN_ANNOTATION] = str(max(token // 2, 1))
    _edited(world, fault, found[0])


def _token_raised(world: World, fault: Fault) -> None:
    if (found := _body(world)) is None or world.api.record is None:
        return
    raised = world.api.record.token + 1 + int(20_000 * fault.size**2)
    found[2][TOKEN_ANNOTATION] = str(raised)
    found[2].pop(RELEASED_ANNOTATION, None)
    world.token_raised = True
    _edited(world, fault, found[0])


def _foreign(world: World, fault: Fault) -> None:
    rng = random.Random(fault.seed)
    after_s = 0.0
    while after_s <= fault.for_s:
        world.time.after(after_s, _edit_foreign, world, fault, rng.randrange(100))
        after_s += rng.uniform(0.3, 4.0)


def _edit_foreign(world: World, fault: Fault, number: int) -> None:
    if (found := _body(world)) is None:
        return
    body, spec, annotations = found
    body["metadata"]["labels"] = {"team": f"t{number}", "edited": "yes"}
    annotations[f"example.org/{number % 5}"] = "x"
    if fault.size < 0.5:
        spec["strategy"] = f"strategy-{number}"
        body["metadata"]["ownerReferences"] = []
    _edited(world, fault, body)


def _transitions(world: World, fault: Fault) -> None:
    if (found := _body(world)) is not None:
        found[1]["leaseTransitions"] = 0 if fault.size < 0.6 else 2**31 - 1
        _edited(world, fault, found[0])


def _contender(world: World, fault: Fault) -> None:
    _forgets_duration(world)
    world.struck("contender", world.time.now_s + fault.for_s, None)
    Contender(world, random.Random(fault.seed), world.time.now_s + fault.for_s, wipes=fault.size < 0.6)


def _restore(world: World, fault: Fault) -> None:
    """Let etcd go back; the pods restart with a floor above all tokens, or not."""
    history = [record for record in world.api.history if record.uid]
    if len(history) < 3 or world.api.record is None:
        return
    back = 1 + int((len(history) - 2) * min(fault.size * 0.3, 1.0))
    old = history[-1 - back]
    world.exclude_one_leader("an etcd restore")
    floor = world.floor + max(world.api.version, world.highest_token)
    world.restored, world.needed_floor = True, floor
    world.api.restore(old, bumped_by=10_000 if fault.chance < 1.0 else 0)
    if world.trace is not None:
        world.trace.note(f"etcd is restored: the Lease is version {old.version} again")
    world.struck("etcd_restore", world.time.now_s, None)
    for watch in world.watches:
        watch.cut()
        world.time.after(world.network.leg_s(), watch.connect)
    if fault.target == LEADER:
        world.time.after(5.0 + 20.0 * fault.size, _restart_all, world, floor)
        if fault.seed % 2:
            world.time.after(50.0 + 20.0 * fault.size, _delete_and_restart, world, fault)
    else:
        world.exclude_liveness("a restore without a raised floor")


def _restart_all(world: World, floor: int) -> None:
    """Start every pod again with a raised floor, as the runbook says."""
    world.floor = floor
    for pod in world.pods:
        if pod.alive:
            if pod.process is not None and pod.process.alive:
                pod.process.kill()
                world.bury(pod.process)
            world.time.after(3.0 * world.rng.random(), pod.restart)
    world.disturb(world.time.now_s + 3.0)


def _delete_and_restart(world: World, fault: Fault) -> None:
    """The runbook's second half, by somebody who wants to be sure: without the Lease nothing tells the old tokens."""
    _forgets_token(world)
    world.api.delete()
    world.time.after(1.0, _make, world)
    _restart_all(world, world.floor)


LEASE_FAULTS = {
    "lease_deleted": _deleted,
    "lease_made_again": _deleted,
    "lease_wiped": _wiped,
    "holder_edited": _holder,
    "duration_shortened": _shorter,
    "duration_lengthened": _longer,
    "token_edited": _token,
    "token_raised": _token_raised,
    "foreign_fields_edited": _foreign,
    "transitions_edited": _transitions,
    "contender": _contender,
    "etcd_restore": _restore,
}
"""What begins each of these faults."""
