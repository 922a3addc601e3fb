"""Owns what a candidate does next: at most one request at a time, and the instant at which to look again.

It looks at facts, not at what happened last: cut off anywhere and called again, it decides the same.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from leader_sidecar.core.messages import Effect, Finished, Kind, Read, SetTimer, Write
from leader_sidecar.core.observe import bar
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Attempt, Phase, State
from leader_sidecar.core.token import MAX_TOKEN, next_token
from leader_sidecar.core.wire import claim_body, create_body, micro_time, release_body, renew_body

RELEASE_BUDGET_S = 5.0
"""How long a shutdown may spend on giving the Lease back."""

SHARE_OF_WHAT_IS_LEFT = 0.45
"""An attempt's share of the grant that is left: under half, so that a second one fits."""

SHORTEST_ATTEMPT_S = 0.05
"""No attempt is begun while leading that would have less time than this."""

_GRACE_S = 1.0  # the core's own patience beyond an attempt's timeout, should its end never be told


class _Due(NamedTuple):
    """The next request and the earliest instant for it; no kind means: look again then."""

    at_s: float
    kind: Kind | None = None


def decide(s: State, out: list[Effect]) -> None:
    """Send the next request if it is due and none is under way; set the timer to whatever comes first."""
    wake_s = s.now_s + s.config.timing.lease_duration_s
    if s.stopping and (s.now_s >= s.finish_by_s or _nothing_to_release(s)):
        s.finished = True
        out.append(Finished())
        return
    if s.flight is None:
        due = _due(s)
        if due.kind is not None and due.at_s <= s.now_s:
            _send(s, due.kind, out)
        else:
            wake_s = min(wake_s, due.at_s)
    if s.flight is not None:
        wake_s = min(wake_s, s.flight.give_up_at_s)
    if s.grant is not None:
        wake_s = min(wake_s, s.grant.valid_until_s)
    if s.stopping:
        wake_s = min(wake_s, s.finish_by_s)
    if wake_s != s.timer_at_s:
        s.timer_at_s = wake_s
        out.append(SetTimer(wake_s))


def phase(s: State) -> Phase:
    """Name where a candidate stands."""
    if s.stopping:
        return Phase.STOPPED if s.finished else Phase.STOPPING
    if s.barred:
        return Phase.BARRED
    if not s.healthy:
        return Phase.UNHEALTHY
    if s.suspect_since_s is not None:
        return Phase.SUSPICIOUS
    if s.grant is not None:
        return Phase.LEADING
    if s.out:
        return Phase.COOLING
    claiming = s.claim_version or s.named or (s.flight is not None and s.flight.kind in (Kind.CLAIM, Kind.TOKEN))
    return Phase.CLAIMING if claiming else Phase.FOLLOWING


def _due(s: State) -> _Due:
    """The first rule that applies decides."""
    record, grant, timing = s.record, s.grant, s.config.timing
    if s.barred or not s.healthy:
        return _Due(float("inf"))
    if s.must_read:
        return _within_grant(s, _Due(s.request_at_s, Kind.READ))
    write_at_s = max(s.request_at_s, s.write_at_s)
    if record is None:
        return _Due(write_at_s, Kind.CREATE)
    if s.named and (s.stopping or s.out):
        return _Due(max(write_at_s, s.release_at_s), Kind.RELEASE)
    if grant is not None:
        return _within_grant(s, _Due(max(write_at_s, grant.sent_at_s + timing.renew_interval_s), Kind.RENEW))
    if s.claim_version:
        return _Due(write_at_s, Kind.TOKEN)
    if s.out:
        return _Due(min(t for t in (s.out_until_s, s.out_for_other_s) if t > s.now_s))
    if _free_at_once(s, record):
        return _Due(write_at_s, Kind.CLAIM)
    # Silence is proved by a read sent after the wait: a broken watch then costs a read, never a failed write.
    silent = s.confirmed_at_s >= s.free_at_s
    return _Due(write_at_s, Kind.CLAIM) if silent else _Due(max(s.request_at_s, s.free_at_s), Kind.READ)


def _free_at_once(s: State, record: Record) -> bool:
    """Whether the record says, or this pod proves, that nobody counts on it any more."""
    if record.released or s.named:
        return True
    prefix = s.config.pod_prefix
    return s.config.sole_in_pod and prefix != "" and record.holder.startswith(prefix)


def _within_grant(s: State, due: _Due) -> _Due:
    """Let a grant run out rather than start an attempt that could not be told from its end."""
    if s.grant is not None:
        latest_s = s.grant.valid_until_s - SHORTEST_ATTEMPT_S / SHARE_OF_WHAT_IS_LEFT
        if max(due.at_s, s.now_s) > latest_s:
            return _Due(s.grant.valid_until_s)
    return due


def _nothing_to_release(s: State) -> bool:
    """Whether nothing of ours can stand in the Lease, or this process cannot trust itself to touch it."""
    writing = s.flight is not None and s.flight.kind not in (Kind.READ, Kind.CREATE)
    in_doubt = writing or s.named or (s.must_read and bool(s.tries))
    return bool(s.barred) or not s.healthy or not in_doubt


def _timeout_s(s: State) -> float:
    deadline_s = s.config.timing.renew_deadline_s
    if s.grant is not None:
        return min((s.grant.valid_until_s - s.now_s) * SHARE_OF_WHAT_IS_LEFT, deadline_s / 2)
    if s.stopping:
        return max(min(deadline_s / 4, s.finish_by_s - s.now_s), SHORTEST_ATTEMPT_S)
    return deadline_s / 4


def _send(s: State, kind: Kind, out: list[Effect]) -> None:
    token = _token_to_write(s, kind)
    if token > MAX_TOKEN:
        floor = s.config.token_floor
        bar(s, f"the next fencing token would exceed 2^53-1: lower --token-floor {floor} or reset the Lease", out)
        return
    timeout_s = _timeout_s(s)
    s.number += 1
    give_up_at_s = s.now_s + timeout_s + _GRACE_S
    if kind is Kind.READ:
        s.flight = Attempt(s.number, kind, s.now_s, give_up_at_s, s.newest_version)
        out.append(Read(s.number, timeout_s))
        return
    renew_time = micro_time(s.wall_us)
    s.wall_us += 1  # the next attempt is told from this one even where the wall clock stands still
    body, record = _body(s, kind, renew_time, token), s.record
    uid, base, kept = (record.uid, record.version, record.token) if record else ("", 0, 0)
    shown = token if kind is not Kind.CLAIM else kept
    s.flight = Attempt(s.number, kind, s.now_s, give_up_at_s, s.newest_version, uid, base, renew_time, shown)
    s.tries = (*s.tries[-31:], s.flight) if record else s.tries
    out.append(Write(s.number, kind, body, timeout_s))


def _token_to_write(s: State, kind: Kind) -> int:
    record = s.record
    if kind is Kind.TOKEN and record is not None:
        return next_token(record.token, s.claim_version, s.config.token_floor, s.highest_token)
    if kind is Kind.CLAIM and record is not None:  # not written, but known to be too large before the Lease is touched
        return next_token(record.token, record.version, s.config.token_floor, s.highest_token)
    if kind is Kind.RENEW and s.grant is not None:
        return s.grant.token
    return s.highest_token if kind is Kind.RELEASE else 0


def _body(s: State, kind: Kind, renew_time: str, token: int) -> Mapping[str, Any]:
    record, config = s.record, s.config
    if record is None:
        return create_body(config.namespace, config.name)
    duration_s = int(config.timing.lease_duration_s)
    if kind is Kind.CLAIM:
        return claim_body(record, config.identity, duration_s, renew_time)
    if kind is Kind.RELEASE:
        return release_body(record, renew_time, token)
    return renew_body(record, duration_s, renew_time, token)
