"""Owns the checks of what sidecars write, made where a write takes effect: I2, I7 and I11."""

from typing import TYPE_CHECKING, Any

from leader_sidecar.core.messages import Kind
from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION, Record
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.network import Request
from leader_sidecar.lab.violation import Violation

if TYPE_CHECKING:
    from leader_sidecar.lab.world import World

_OUR_ANNOTATIONS = (TOKEN_ANNOTATION, RELEASED_ANNOTATION)
_OUR_FIELDS = ("holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions")
_OUR_METADATA = ("annotations", "resourceVersion", "uid", "managedFields")


def check_write(world: "World", request: Request, before: Record | None, after: Record | None) -> None:
    """Check one write of a sidecar that took effect.

    Args:
        world: where it happened.
        request: the write.
        before, after: the record that it found and the one that it left.
    """
    process = request.sender
    assert isinstance(process, Candidate)
    if before is None or after is None:
        return
    _check_own(world, process, request, before, after)
    _check_kept(world, process, before, after)
    if request.kind is Kind.TOKEN:
        _check_token(world, process, after)
    elif request.kind is Kind.RENEW and after.token < before.token:
        text = f"{process.name}'s renewal lowered the token from {before.token} to {after.token}"
        _unless_version_repeats(world, before, Violation("I2", text))


def _unless_version_repeats(world: "World", before: Record, violation: Violation) -> None:
    """Fail, but not where a restored etcd gave a version twice: no precondition tells the one from the other."""
    if before.version not in world.api.forgotten:
        raise violation
    world.excluded["I2, I7, I8, I11: a version given twice, after an etcd restore"] += 1


def _check_own(world: "World", process: Candidate, request: Request, before: Record, after: Record) -> None:
    if request.kind is Kind.CLAIM:
        return
    if before.holder != process.identity:
        check = "I7" if request.kind is Kind.RELEASE else "I8"
        text = f"{process.name}'s {request.kind} changed the record of {before.holder or 'nobody'}"
        _unless_version_repeats(world, before, Violation(check, text))
    if after.holder not in ("", process.identity):
        raise Violation("I7", f"{process.name} wrote the holder {after.holder}")


def _check_kept(world: "World", process: Candidate, before: Record, after: Record) -> None:
    """I11: everything that is not ours is as it was."""
    old, new = before.body, after.body
    same = _others(old["metadata"], _OUR_METADATA) == _others(new["metadata"], _OUR_METADATA)
    same = same and _others(old.get("spec"), _OUR_FIELDS) == _others(new.get("spec"), _OUR_FIELDS)
    was, now = old["metadata"].get("annotations"), new["metadata"].get("annotations")
    if not same or _others(was, _OUR_ANNOTATIONS) != _others(now, _OUR_ANNOTATIONS):
        _unless_version_repeats(world, before, Violation("I11", f"{process.name} changed what is not its own"))


def _others(fields: Any, ours: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in (fields or {}).items() if key not in ours}


def _check_token(world: "World", process: Candidate, after: Record) -> None:
    token = after.token
    if not world.token_order_of(process):
        return
    if token <= world.highest_token:
        raise Violation("I2", f"{process.name} acquired with token {token} after one of {world.highest_token}")
    if world.floor == 0 and not world.token_raised and not world.restored and token > after.version:
        raise Violation("I2", f"{process.name}'s token {token} exceeds the version {after.version} that carries it")
    world.highest_token = token
