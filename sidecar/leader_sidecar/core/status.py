"""Owns the answer to "does this pod lead now?", computed from the state and the clock at the moment of asking."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from leader_sidecar.core.holder import read_holder
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Grant, State


class Leader(NamedTuple):
    """Who leads as far as this candidate knows.

    Args:
        name: the pod's name, or the whole identity of an elector that is not ours.
        identity: the holder identity in the record.
        token: its fencing token, None where it keeps none or has none yet.
        acquired_at, renewed_at: wall time as the holder wrote it, "" where it wrote none.
    """

    name: str
    identity: str
    token: int | None
    acquired_at: str
    renewed_at: str


# Made for each request, and not frozen for that: it would take four times as long.
@dataclass(slots=True)
class Answer:
    """What one candidate may say at one instant.

    Args:
        election: `namespace/name`.
        is_leader: this process leads at this instant.
        token: its fencing token, None unless `is_leader`.
        valid_for_s: for how long at least, rounded down to milliseconds; 0 unless `is_leader`.
        valid_until_s: the same as an instant of the boottime clock; 0 unless `is_leader`.
        leader: who leads, None where nobody is known to or the record has lapsed.
        self_name, self_identity: this candidate.
        index: another number whenever leadership, leader or token became another.
    """

    election: str
    is_leader: bool
    token: int | None
    valid_for_s: float
    valid_until_s: float
    leader: Leader | None
    self_name: str
    self_identity: str
    index: int


def answer(state: State, now_s: float) -> Answer:
    """Say whether this candidate leads.

    Args:
        state: as the last step left it, however long ago that was.
        now_s: boottime seconds at the moment of asking.

    Invariant: I9: past `Grant.valid_until_s`, or before it was sent, the answer is false whatever else happened.
    """
    config, grant = state.config, state.grant
    if grant is not None and not grant.sent_at_s <= now_s < grant.valid_until_s:
        grant = None
    return Answer(
        election=config.election,
        is_leader=grant is not None,
        token=grant.token if grant else None,
        valid_for_s=math.floor((grant.valid_until_s - now_s) * 1000) / 1000 if grant else 0.0,
        valid_until_s=grant.valid_until_s if grant else 0.0,
        leader=_leader(state, now_s, grant),
        self_name=config.pod_name,
        self_identity=config.identity,
        index=state.index,
    )


def verifies(state: State, record: Record) -> bool | None:
    """Judge a quorum read that was sent after somebody asked `?verify=true`.

    Args:
        state: after the record was told to the core.
        record: what that read was answered with.

    Returns:
        Whether the record names this very term; None when it is older than the proof we hold, which decides nothing.

    Source: DESIGN §12.7.
    """
    grant = state.grant
    if grant is None:
        return False
    if record.version < grant.version:
        return None
    return record.uid == grant.uid and record.holder == state.config.identity and record.token == grant.token


def _leader(state: State, now_s: float, grant: Grant | None) -> Leader | None:
    record = state.record
    if record is None or state.barred or state.suspect_since_s is not None:
        return None
    if record.holder == state.config.identity:
        if grant is None:
            return None
        return Leader(state.config.pod_name, record.holder, grant.token, record.acquire_time, record.renew_time)
    holder = read_holder(record) if now_s < state.free_at_s else None
    if holder is None:
        return None
    # Another process of a pod named as ours is shown by its identity (DESIGN §12.6).
    name = holder.pod_name if holder.pod_name != state.config.pod_name else ""
    return Leader(name or holder.identity, holder.identity, holder.token, record.acquire_time, record.renew_time)
