"""Mistakes about what an answer, a hint or a silence proves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lab.variants.registry import Marked, replaced, variant
from leader_sidecar.core import decide, elector, observe
from leader_sidecar.core.messages import Conflict, Effect, Found, Kind, Unknown, Written
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import Attempt, Config, State


@variant("who leads goes on after seeing another holder")
def leads_on_beside_another() -> Iterator[None]:
    original = observe._end_if_over

    def end_if_over(s: State, record: Record, out: list[Effect]) -> None:
        if s.named or not record.holder:
            original(s, record, out)

    with replaced(observe, "_end_if_over", end_if_over):
        yield


@variant("a stale read is believed")
def stale_read_believed() -> Iterator[None]:
    original = elector.on_read

    def on_read(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        if isinstance(outcome, Found):
            s.newest_version = min(s.newest_version, outcome.record.version)
            attempt = replace(attempt, newest_version=s.newest_version)
        original(s, attempt, outcome, out)

    with replaced(elector, "on_read", on_read):
        yield


@variant("any lower version counts as a restore, also that of an answer overtaken on its way")
def overtaken_answer_is_restore() -> Iterator[None]:
    original = elector.on_read

    def on_read(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        original(s, replace(attempt, newest_version=s.newest_version), outcome, out)

    with replaced(elector, "on_read", on_read):
        yield


@variant("an acknowledgement older than what was seen since is believed")
def late_acknowledgement_believed() -> Iterator[None]:
    original = elector.on_write

    def on_write(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        if isinstance(outcome, Written) and attempt.base < outcome.record.version < s.newest_version:
            s.newest_version, s.record, s.uids = outcome.record.version, None, ()
            s.tries = (attempt,)
        original(s, attempt, outcome, out)

    with replaced(elector, "on_write", on_write):
        yield


@variant("the watch is believed without proof")
def watch_believed() -> Iterator[None]:
    original = elector.on_notified

    def on_notified(s: State, record: Record, deleted: bool, out: list[Effect]) -> None:
        original(s, record, deleted, out)
        if s.record is record:
            observe._credit(s, record, out)

    with replaced(elector, "on_notified", on_notified):
        yield


@variant("an unknown outcome is taken as a failure: the term is given up")
def unknown_is_failure() -> Iterator[None]:
    original = elector.on_write

    def on_write(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        if isinstance(outcome, Unknown):
            observe.end_term(s, "the write failed", out)
        original(s, attempt, outcome, out)

    with replaced(elector, "on_write", on_write):
        yield


@variant("a write of unknown outcome is sent again on whatever version stands now")
def unknown_retried_blindly() -> Iterator[None]:
    original_write, original_due = elector.on_write, decide._due
    unknown = Marked()

    def on_write(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        if attempt.kind is Kind.CLAIM and isinstance(outcome, Unknown):
            unknown.add(s)
        elif isinstance(outcome, Written):
            unknown.discard(s)
        original_write(s, attempt, outcome, out)

    def due(s: State) -> Any:
        again = s in unknown and s.record is not None and not s.named and s.may_lead
        return decide._Due(s.write_at_s, Kind.CLAIM) if again and not s.must_read else original_due(s)

    with replaced(elector, "on_write", on_write), replaced(decide, "_due", due):
        yield


@variant("an own write is not recognised after a conflict")
def own_write_not_recognised() -> Iterator[None]:
    original = elector.on_write

    def on_write(s: State, attempt: Attempt, outcome: Any, out: list[Effect]) -> None:
        original(s, attempt, outcome, out)
        if isinstance(outcome, Conflict):
            s.tries = ()

    with replaced(elector, "on_write", on_write):
        yield


@variant("an identity is the pod's name alone")
def name_only_identity() -> Iterator[None]:
    def name_only(config: Config) -> None:
        object.__setattr__(config, "pod_prefix", config.pod_name)
        object.__setattr__(config, "identity", config.pod_name)

    with replaced(Config, "__post_init__", name_only):
        yield


@variant("an empty holder is free at once")
def empty_holder_is_free() -> Iterator[None]:
    original = decide._free_at_once

    def free_at_once(s: State, record: Record) -> bool:
        return record.holder == "" or original(s, record)

    with replaced(decide, "_free_at_once", free_at_once):
        yield


@variant("a process that cannot trust itself leads on")
def unhealthy_leads_on() -> Iterator[None]:
    with replaced(elector, "_LEARN", {**elector._LEARN, elector.HealthChanged: lambda s, event, out: None}):
        yield


@variant("reads that went back in time for D are forgiven")
def restore_forgiven() -> Iterator[None]:
    with replaced(observe, "bar", lambda s, reason, out: None):
        yield


@variant("the watch is not listened to")
def watch_ignored() -> Iterator[None]:
    with replaced(elector, "on_notified", lambda s, record, deleted, out: None):
        yield


@variant("a failed request is repeated without a pause")
def no_pause_between_retries() -> Iterator[None]:
    original = observe._retry

    def retry(s: State, attempt: Attempt, retry_after_s: float = 0.0) -> None:
        original(s, attempt, retry_after_s)
        s.request_at_s = s.now_s

    with replaced(observe, "_retry", retry):
        yield
