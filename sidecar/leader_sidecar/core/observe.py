"""Owns what an answer or a hint proves: which record is believed, which attempt of ours stands, when a term is over.

Rules of this file:
  1. A record older than the newest accepted one proves nothing; older than what was known before the read was sent, it
     is a regression, as is other content under the same version or a uid that returns after another (I10).
  2. A term begins or is extended only by a record that shows one of our attempts, read at the quorum or acknowledged,
     and counts from the sending of that very attempt (I1, I4).
  3. A hint may end a term; it never begins or extends one (I8).
  4. Whatever goes wrong, the next request waits its turn: no answer and no hint makes this process flood the API.
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


def bar(s: State, reason: str, out: list[Effect]) -> None:
    """Do not lead until restarted, and say why."""
    if not s.barred:
        end_term(s, reason, out)
        s.barred = reason
        out.append(Announce("barred", {"reason": reason}))


def lapse(s: State, out: list[Effect]) -> None:
    """End the term whose grant has run out."""
    if s.grant is not None and s.now_s >= s.grant.valid_until_s:
        end_term(s, "renew deadline passed", out)


def on_read(s: State, attempt: Attempt, outcome: ReadOutcome, out: list[Effect]) -> None:
    """Learn from the end of a read."""
    match outcome:
        case Found(record):
            _answered(s, attempt, out)
            if record.version < attempt.newest_version:
                seen = attempt.newest_version
                _suspect(s, attempt, f"version {record.version} read after {seen} had been seen", out)
            elif record.version < s.newest_version:
                _overtaken(s, attempt)
            else:
                _believe(s, attempt, record, out)
        case Absent() if attempt.newest_version < s.newest_version:
            _overtaken(s, attempt)
        case Absent():
            _answered(s, attempt, out)
            _on_absent(s, out)
        case Rejected():
            if outcome.status == 200:
                end_term(s, "the Lease cannot be read", out)
            _rejected(s, attempt, outcome, out)
        case _:
            _retry(s, attempt, outcome.retry_after_s)
    s.attempted = True


def on_write(s: State, attempt: Attempt, outcome: WriteOutcome, out: list[Effect]) -> None:
    """Learn from the end of a write; whatever does not acknowledge this very write is answered by reading (rule 2)."""
    retry_s = s.config.timing.retry_period_s
    first = attempt.sent_at_s - s.write_at_s >= retry_s
    s.must_read = True
    s.write_at_s = attempt.sent_at_s + retry_s
    match outcome:
        case Written(record) if attempt.base < record.version:
            _answered(s, attempt, out)
            if attempt.kind is Kind.RELEASE and record.released:
                out.append(Announce("released", {"token": record.token, "resourceVersion": record.version}))
            if record.version < s.newest_version:  # the watch was faster, and somebody has written since
                _retry(s, attempt)
            else:
                s.write_at_s = s.now_s
                _believe(s, attempt, record, out)
        case Conflict():
            s.request_at_s = s.now_s  # somebody was faster, or an answer of ours was lost: look at once
            if first:  # what this read makes due need not wait; only the next in a row does
                s.write_at_s = s.now_s
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
        _read_soon(s)
        return
    known = s.record is not None and s.record.version == record.version
    _take(s, record, s.confirmed_at_s, out)
    if known or s.grant is not None:
        return
    if s.named:
        _read_soon(s)  # a claim of ours, or what somebody made of it: only a read can tell
    elif s.suspect_since_s is None:
        s.must_read = False  # whatever was in doubt: somebody wrote since, and it was not this process


def on_watch_began(s: State) -> None:
    """Look at what the watch may have missed: a Lease that is gone is not shown to who begins to watch."""
    _read_soon(s)


def _on_absent(s: State, out: list[Effect]) -> None:
    end_term(s, "the Lease is absent", out)
    if not s.absent:
        out.append(Announce("lease_absent", {}))
    s.absent, s.suspect_since_s = True, None
    s.record, s.claim_version, s.tries = None, 0, ()
    s.must_read = not s.config.create_lease
    s.request_at_s = s.now_s + (0.0 if s.config.create_lease else s.config.timing.renew_interval_s)


def _believe(s: State, attempt: Attempt, record: Record, out: list[Effect]) -> None:
    """Take a proved record that is not older than any other, and what it shows of ours."""
    if reason := _regression(s, record):
        _suspect(s, attempt, reason, out)
        return
    s.must_read, s.request_at_s, s.suspect_since_s = False, s.now_s, None
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
    if record.token_garbled and not (known is not None and known.token_garbled):
        out.append(Announce("token_garbled", {}))
    if not s.uids or s.uids[-1] != record.uid:
        s.uids = (*s.uids[-_KNOWN_UIDS:], record.uid)
    s.record, s.newest_version, s.confirmed_at_s, s.absent = record, record.version, sent_at_s, False
    s.longest_duration_s = max(s.longest_duration_s, record.duration_s)
    s.highest_token = max(s.highest_token, record.token)
    if s.claim_version != record.version:
        s.claim_version = 0
    if record.holder and not s.named:
        s.out_for_other_s = float("-inf")
        if known is None or known.holder != record.holder:
            s.rejection = s.rejection if s.rejected_read else ""  # no write is due, so a refused one troubles nobody
            out.append(Announce("new_leader", {"leader": record.holder}))
    # Writes of ours on an older version can no longer be applied; the one that this record shows may yet be credited.
    s.tries = tuple(a for a in s.tries if a.base >= record.version or a.renew_time == record.renew_time)
    _end_if_over(s, record, out)


def _end_if_over(s: State, record: Record, out: list[Effect]) -> None:
    grant = s.grant
    if grant is None or record.version <= grant.version:
        return
    if record.uid != grant.uid:
        end_term(s, "the Lease was made again", out)
    elif not s.named:
        end_term(s, f"the Lease is held by {record.holder}" if record.holder else "the Lease was emptied", out)
    elif record.token > grant.token:
        end_term(s, f"the token was raised to {record.token}", out)


def _credit(s: State, record: Record, out: list[Effect]) -> None:
    """Draw the consequence of a proved record that one of our attempts wrote: that attempt's, no other's (rule 2)."""
    key = (record.uid, record.renew_time, record.token)
    attempt = next((a for a in s.tries if (a.uid, a.renew_time, a.token) == key), None)
    if attempt is None or not s.named:
        return
    until_s = attempt.sent_at_s + s.config.timing.renew_deadline_s
    grant = Grant(record.token, record.uid, record.version, attempt.sent_at_s, until_s)
    if attempt.kind is Kind.CLAIM:
        s.claim_version = record.version
    elif s.grant is not None and s.grant.token == record.token:
        s.grant, s.last_valid_until_s = grant, until_s
    elif attempt.kind is Kind.TOKEN and s.may_lead and s.now_s < until_s:
        s.grant, s.last_valid_until_s, s.tries = grant, until_s, ()
        out.append(Lead(grant.token))
        out.append(Announce("became_leader", {"token": grant.token}))


def _suspect(s: State, attempt: Attempt, reason: str, out: list[Effect]) -> None:
    """Stop leading at a regression; if one still shows after the lease duration, for good (I10)."""
    timing = s.config.timing
    end_term(s, f"regression: {reason}", out)
    s.tries = ()
    if s.suspect_since_s is None:
        s.suspect_since_s = s.now_s
        out.append(Announce("regression", {"reason": reason}))
    elif s.now_s - s.suspect_since_s >= timing.lease_duration_s:
        floor = s.config.token_floor + max(s.highest_token, s.newest_version)
        bar(s, f"the API's data went back in time, as after an etcd restore: restart with --token-floor {floor}", out)
    _retry(s, attempt)


def _overtaken(s: State, attempt: Attempt) -> None:
    """Pass over an answer older than what the watch showed while it was under way."""
    if s.must_read:
        _retry(s, attempt)


def _retry(s: State, attempt: Attempt, retry_after_s: float = 0.0) -> None:
    """Read again, no sooner than a retry period after the attempt, or when the server asked for, within reason."""
    timing = s.config.timing
    s.must_read = True
    asked_s = min(retry_after_s, timing.renew_interval_s)
    if s.grant is not None:
        asked_s = min(asked_s, (s.grant.valid_until_s - s.now_s) / 2)
    s.request_at_s = max(s.now_s + asked_s, attempt.sent_at_s + timing.retry_period_s)


def _read_soon(s: State) -> None:
    if not s.must_read:
        s.must_read = True
        s.request_at_s = max(s.now_s, s.confirmed_at_s + s.config.timing.retry_period_s)


def _rejected(s: State, attempt: Attempt, outcome: Rejected, out: list[Effect]) -> None:
    _retry(s, attempt)
    if s.grant is None:
        s.request_at_s = max(s.request_at_s, s.now_s + 2 * s.config.timing.retry_period_s)
    if s.rejection != outcome.message:
        s.rejection, s.rejected_read = outcome.message, attempt.kind is Kind.READ
        detail = {"verb": attempt.kind.value, "status": outcome.status, "reason": outcome.message}
        out.append(Announce("rejected", detail))


def _answered(s: State, attempt: Attempt, out: list[Effect]) -> None:
    """Note that the API takes such requests again: reads say nothing about writes."""
    if s.rejection and s.rejected_read == (attempt.kind is Kind.READ):
        s.rejection = ""
        out.append(Announce("accepted_again", {}))
