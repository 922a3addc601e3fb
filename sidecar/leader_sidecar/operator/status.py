"""Owns the words of a LeaderElection's status: who leads, and whether the election is as its resource asks."""

from collections.abc import Mapping
from typing import Any

from leader_sidecar.core.holder import Holder
from leader_sidecar.core.record import Record
from leader_sidecar.core.wire import micro_time
from leader_sidecar.operator.access import Fault
from leader_sidecar.operator.resource import LeaderElection


def new_status(
    election: LeaderElection,
    record: Record | None,
    leader: Holder | None,
    *,
    node: str,
    lapsed: bool,
    fault: Fault | None,
    wall_us: int,
) -> dict[str, Any]:
    """Say how an election stands, as a merge patch: null stands for what must not be there.

    Args:
        record: its Lease, None where there is none that can be read.
        leader: who leads; None where a fault says that the Lease is not the election's.
        node: where the leader runs, "" for not known.
        lapsed: the record names somebody who did not renew it in time.
        wall_us: now, for conditions that change.
    """
    shown = leader if record is not None else None
    lease = {"lapsedVersion": str(record.version) if record is not None and lapsed else None}
    if _strange(fault):
        lease["uid"] = None
    elif record is not None:
        lease["uid"] = record.uid
    return {
        "observedGeneration": election.generation,
        "lease": lease,
        "leader": _leader(shown, record, node) if shown is not None and record is not None else None,
        "transitions": record.transitions if record is not None and not _strange(fault) else None,
        "conditions": [
            _condition(election, "Ready", _ready(fault), wall_us),
            _condition(election, "HasLeader", _has_leader(record, shown, lapsed, fault), wall_us),
        ],
    }


def differs(current: Any, wanted: Any) -> bool:
    """Tell whether a merge patch would change anything."""
    if isinstance(wanted, Mapping):
        there = current if isinstance(current, Mapping) else {}
        return any(differs(there.get(name), value) for name, value in wanted.items())
    return bool(current != wanted)


def _leader(holder: Holder, record: Record, node: str) -> dict[str, Any]:
    return {
        "pod": holder.pod_name or None,
        "node": node or None,
        "identity": holder.identity,
        "token": holder.token,
        "since": record.acquire_time or None,
    }


def _strange(fault: Fault | None) -> bool:
    return fault is not None and fault.reason == "LeaseHeldByAnother"


def _ready(fault: Fault | None) -> tuple[str, str, str]:
    if fault is not None:
        return "False", fault.reason, fault.message
    return "True", "Settled", "the Lease and the rights on it are as asked"


def _has_leader(
    record: Record | None, leader: Holder | None, lapsed: bool, fault: Fault | None
) -> tuple[str, str, str]:
    if _strange(fault) or record is None:
        return "Unknown", "NoLease", "there is no Lease that this election may read"
    if leader is not None:
        return "True", "Leading", f"{leader.pod_name or leader.identity} leads"
    if lapsed:
        return "False", "Lapsed", f"{record.holder} did not renew the Lease in time"
    return "False", "Vacant", "nobody leads by the Lease"


def _condition(election: LeaderElection, kind: str, words: tuple[str, str, str], wall_us: int) -> dict[str, Any]:
    status, reason, message = words
    found = election.status.get("conditions")
    before = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    since = next(
        (one.get("lastTransitionTime") for one in before if (one.get("type"), one.get("status")) == (kind, status)),
        None,
    )
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since or micro_time(wall_us)[:19] + "Z",
        "observedGeneration": election.generation,
    }
