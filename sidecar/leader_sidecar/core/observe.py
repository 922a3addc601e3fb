"""Owns what an answer or a hint proves: which record is believed, which attempt of ours stands, when a term is over.

Rules of this file:
  1. A record older than the newest accepted one proves nothing; older than what was known before the read was sent, it is a
     regression, as is other content under the same version or a uid that returns after another (I10).
  2. A term begins or is extended only by a record that shows one of our attempts, read at the quorum or acknowledged, and
     counts from the sending of that very attempt (I1, I4).
  3. A hint may end a term; it never begins or extends one (I8).
"""

from leader_sidecar.core.messages import (
    Absent,
    Announce,
    Conflict,
    Effect,
    Found,
    Kind,
    Lead,
    ReadOutcome,
    Rejected,
    StopLeading,
    Unknown,
    WriteOutcome,
    Written,
)
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Attempt, Grant, State

_KNOWN_UIDS = 64


def end_term(s: State, reason: str, out: list[Effect]) -> None:
    """End the term, if there is one: from this instant on every answer is false."""
    if s.grant is not None:
        out.append(StopLeading(s.grant.token, reason))
        out.append(Announce("stopped_leading", {"token": s.grant.token, "reason": reason}))
        s.grant = None


def on_read(s: State, attempt: Attempt, outcome: ReadOutcome, out: list[Effect]) -> None:
    """Learn from the end of a read."""
    match outcome:
        case Found(record):
            _accepted_by_api(s, out)
            _on_found(s, attempt, record, out)
        case Absent() if attempt.newest_version < s.newest_version:
            _retry(s, attempt)  # the watch showed a newer record meanwhile
        case Absent():
            _accepted_by_api(s, out)
            end_term(s, "the Lease is absent", out)
            if s.record is not None or not s.attempted:
                out.append(Announce("lease_absent", {}))
            s.record, s.claim_version, s.tries = None, 0, ()
            s.must_read = not s.config.create_lease
            s.failures = 0
            s.request_at_s = s.now_s + (0.0 if s.config.create_lease else s.config.timing.renew_interval_s)
        case Rejected():
            _rejected(s, attempt, outcome, out)
        case Unknown():
            _retry(s, attempt, outcome.retry_after_s)
    s.attempted = True


def on_write(s: State, attempt: Attempt, outcome: WriteOutcome, out: list[Effect]) -> None:
    """Learn from the end of a write; whatever is not an acknowledgement of this very write is answered by reading (rule 2)."""
    s.must_read = True
    match outcome:
        case Written(record) if attempt.base < record.version and s.newest_version <= record.version:
            _accepted_by_api(s, out)
            _on_written(s, attempt, record, out)
        case Conflict() if s.failures == 0:
            s.failures = 1
            s.request_at_s = (
                s.now_s
            )  # somebody else was faster, or an answer of ours was lost: look at once, but only once
        case Rejected():
            _rejected(s, attempt, outcome, out)
        case Unknown():
            _retry(s, attempt, outcome.retry_after_s)
        case _:
            _retry(s, attempt)


def on_notified(s: State, record: Record, deleted: bool, out: list[Effect]) -> None:
    """Take a hint from the watch (rule 3)."""
    if record.version < s.newest_version:
        return
    if deleted or _regression(s, record):
        s.must_read = True
        s.request_at_s = min(s.request_at_s, s.now_s) if s.failures == 0 else s.request_at_s
        return
    known = s.record is not None and s.record.version == record.version
    _take(s, record, s.confirmed_at_s, out)
    if not known and s.grant is None and s.named:
        s.must_read = True  # a claim of ours, or what somebody made of it: only a read can tell


def lapse(s: State, out: list[Effect]) -> None:
    """End the term whose grant has run out."""
    if s.grant is not None and s.now_s >= s.grant.valid_until_s:
        end_term(s, "renew deadline passed", out)


def _on_found(s: State, attempt: Attempt, record: Record, out: list[Effect]) -> None:
    if record.version < attempt.newest_version:
        _suspect(s, attempt, f"version {record.version} read after {attempt.newest_version} had been seen", out)
    elif record.version < s.newest_version:
        _retry(s, attempt)  # overtaken by a newer answer while under way
    elif reason := _regression(s, record):
        _suspect(s, attempt, reason, out)
    else:
        s.suspect_since_s = None
        s.must_read = False
        s.failures, s.request_at_s = 0, s.now_s
        _take(s, record, attempt.sent_at_s, out)
        _credit(s, record, out)


def _on_written(s: State, attempt: Attempt, record: Record, out: list[Effect]) -> None:
    if reason := _regression(s, record):
        _suspect(s, attempt, reason, out)
        return
    s.must_read = False
    s.failures, s.request_at_s = 0, s.now_s
    if attempt.kind is Kind.RELEASE:
        out.append(Announce("released", {"token": record.token}))
    _take(s, record, attempt.sent_at_s, out)
    _credit(s, record, out)


def _regression(s: State, record: Record) -> str:
    """Say why a record not older than the newest cannot follow it, or "" (rule 1)."""
    if record.uid in s.uids[:-1]:
        return f"uid {record.uid} returned after {s.uids[-1]}"
    known = s.record
    if known is not None and known.version == record.version and known.change_key != record.change_key:
        return f"version {record.version} has other content than before"
    return ""


def _take(s: State, record: Record, sent_at_s: float, out: list[Effect]) -> None:
    """Make this the observed record; end the term if it shows that the term is over."""
    known = s.record
    if known is None or known.change_key != record.change_key:
        s.observed_at_s = s.now_s
        if record.token_garbled:
            out.append(Announce("token_garbled", {}))
    if not s.uids or s.uids[-1] != record.uid:
        s.uids = (*s.uids[-_KNOWN_UIDS:], record.uid)
    s.record, s.newest_version, s.confirmed_at_s = record, record.version, sent_at_s
    s.longest_duration_s = max(s.longest_duration_s, record.duration_s)
    s.highest_token = max(s.highest_token, record.token)
    named = record.holder == s.config.identity
    if s.claim_version != record.version:
        s.claim_version = 0
    if record.holder and not named:
        s.out_for_other_s = float("-inf")
        if known is None or known.holder != record.holder:
            out.append(Announce("new_leader", {"leader": record.holder}))
    # Writes of ours on an older version can no longer be applied; the one that this record shows is kept to be credited.
    s.tries = tuple(a for a in s.tries if a.base >= record.version or a.renew_time == record.renew_time)
    grant = s.grant
    if grant is None or record.version <= grant.version:
        return
    if record.uid != grant.uid:
        end_term(s, "the Lease was made again", out)
    elif not named:
        end_term(s, f"the Lease is held by {record.holder}" if record.holder else "the Lease was emptied", out)
    elif record.token > grant.token:
        end_term(s, f"the token was raised to {record.token}", out)


def _credit(s: State, record: Record, out: list[Effect]) -> None:
    """Draw the consequence of a proved record that one of our attempts wrote: that attempt's, and no other's (rule 2)."""
    if not s.named:
        return
    key = (record.uid, record.renew_time, record.token)
    attempt = next((a for a in s.tries if (a.uid, a.renew_time, a.token) == key), None)
    if attempt is None:
        return
    until_s = attempt.sent_at_s + s.config.timing.renew_deadline_s
    grant = Grant(record.token, record.uid, record.version, attempt.sent_at_s, until_s)
    if attempt.kind is Kind.CLAIM:
        s.claim_version = record.version
    elif attempt.kind is Kind.TOKEN and s.grant is None and s.may_lead and s.now_s < until_s:
        _begin(s, grant, out)
    elif attempt.kind is not Kind.RELEASE and s.grant is not None and s.grant.token == record.token:
        _extend(s, grant)


def _begin(s: State, grant: Grant, out: list[Effect]) -> None:
    _extend(s, grant)
    s.tries = ()
    out.append(Lead(grant.token))
    out.append(Announce("became_leader", {"token": grant.token}))


def _extend(s: State, grant: Grant) -> None:
    s.grant = grant
    s.last_valid_until_s = grant.valid_until_s


def _suspect(s: State, attempt: Attempt, reason: str, out: list[Effect]) -> None:
    """Stop leading at a regression; `decide` bars this process if it persists (I10)."""
    end_term(s, f"regression: {reason}", out)
    if s.suspect_since_s is None:
        s.suspect_since_s = s.now_s
        out.append(Announce("regression", {"reason": reason}))
    _retry(s, attempt)


def _retry(s: State, attempt: Attempt, retry_after_s: float = 0.0) -> None:
    """Read again, no sooner than a retry period after the attempt, or when the server asked for, within reason."""
    timing = s.config.timing
    s.must_read = True
    s.failures += 1
    asked_s = min(retry_after_s, timing.renew_interval_s)
    if s.grant is not None:
        asked_s = min(asked_s, (s.grant.valid_until_s - s.now_s) / 2)
    s.request_at_s = max(s.now_s + asked_s, attempt.sent_at_s + timing.retry_period_s)


def _rejected(s: State, attempt: Attempt, outcome: Rejected, out: list[Effect]) -> None:
    _retry(s, attempt)
    if s.grant is None:
        s.request_at_s = max(s.request_at_s, s.now_s + s.config.timing.renew_interval_s)
    if s.rejection != outcome.message:
        s.rejection = outcome.message
        out.append(
            Announce("rejected", {"verb": attempt.kind.value, "status": outcome.status, "reason": outcome.message})
        )


def _accepted_by_api(s: State, out: list[Effect]) -> None:
    if s.rejection:
        s.rejection = ""
        out.append(Announce("accepted_again", {}))
