"""Mistakes about what is written: tokens, preconditions, releases, things of others; and about the guard."""

from collections.abc import Iterator, Mapping
from typing import Any

from lab.variants.registry import Marked, replaced, variant
from leader_sidecar.core import decide, wire
from leader_sidecar.core.messages import Effect, Kind
from leader_sidecar.core.record import Record
from leader_sidecar.core.state import State
from leader_sidecar.lab import pods
from leader_sidecar.lab.app import Resource
from leader_sidecar.lab.candidate import Candidate


@variant("the Lease is given back without looking again whose it is")
def released_without_looking() -> Iterator[None]:
    original_due, original_send, original_nothing = decide._due, decide._send, decide._nothing_to_release
    tried = Marked()

    def send(s: State, kind: Kind, out: list[Effect]) -> None:
        if kind is Kind.RELEASE:
            tried.add(s)
        original_send(s, kind, out)

    def blind(s: State) -> bool:
        return s.stopping and s in tried and s.record is not None and s.record.holder != ""

    def due(s: State) -> Any:
        return decide._Due(s.write_at_s, Kind.RELEASE) if blind(s) and not s.must_read else original_due(s)

    def nothing(s: State) -> bool:
        return not blind(s) and original_nothing(s)

    with (
        replaced(decide, "_send", send),
        replaced(decide, "_due", due),
        replaced(decide, "_nothing_to_release", nothing),
    ):
        yield


def _token(compute: Any) -> Any:
    original = decide._token_to_write

    def token_to_write(s: State, kind: Kind) -> int:
        return int(compute(s)) if kind is Kind.TOKEN else original(s, kind)

    return replaced(decide, "_token_to_write", token_to_write)


@variant("the token is leaseTransitions")
def token_is_transitions() -> Iterator[None]:
    with _token(lambda s: s.record.transitions):
        yield


@variant("the token is kept across a restart of the same pod")
def token_kept_across_restart() -> Iterator[None]:
    original_body, original_token = decide._body, decide._token_to_write
    kept = Marked()

    def body(s: State, kind: Kind, renew_time: str, token: int) -> Mapping[str, Any]:
        if kind is Kind.CLAIM and s.record is not None and s.record.token and not s.named:
            same_pod = s.record.holder.startswith(s.config.pod_prefix)
            (kept.add if same_pod else kept.discard)(s)
        return original_body(s, kind, renew_time, token)

    def token(s: State) -> int:
        keeps = s in kept and s.record is not None
        return s.record.token if keeps and s.record else original_token(s, Kind.TOKEN)

    with replaced(decide, "_body", body), _token(token):
        yield


@variant("the token is the annotation's plus one, also after the Lease was deleted")
def token_not_raised_after_deletion() -> Iterator[None]:
    with replaced(decide, "next_token", lambda annotation, version, floor, seen: max(annotation, floor, seen) + 1):
        yield


@variant("the floor is one of the values, not an offset")
def floor_inside_maximum() -> Iterator[None]:
    with replaced(
        decide, "next_token", lambda annotation, version, floor, seen: max(annotation, version, floor, seen) + 1
    ):
        yield


@variant("a write carries no precondition")
def patch_without_precondition() -> Iterator[None]:
    original = Candidate._send

    def send(self: Candidate, number: int, kind: Kind, body: Any, timeout_s: float) -> None:
        if kind not in (Kind.READ, Kind.CREATE):
            metadata = {k: v for k, v in body["metadata"].items() if k not in ("resourceVersion", "uid")}
            body = {**body, "metadata": metadata}
        original(self, number, kind, body, timeout_s)

    with replaced(Candidate, "_send", send):
        yield


@variant("what is not ours is dropped with a write")
def foreign_fields_dropped() -> Iterator[None]:
    original = wire._replace

    def replace(record: Record, spec: Mapping[str, Any], annotations: Mapping[str, str | None]) -> dict[str, Any]:
        body = original(record, spec, annotations)
        known = ("holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions")
        return {**body, "spec": {key: value for key, value in body["spec"].items() if key in known}}

    with replaced(wire, "_replace", replace):
        yield


@variant("two sidecars of one pod may both stand")
def no_socket_rule() -> Iterator[None]:
    with replaced(pods, "SOCKET_RULE", False):
        yield


@variant("the guard checks and writes in two steps")
def guard_in_two_steps() -> Iterator[None]:
    def accept(self: Resource, item: int, token: int) -> bool:
        if token < self._marks.get(item, 0):
            return False
        self._world.time.after(1.0, write, self, item, token)
        return True

    def write(self: Resource, item: int, token: int) -> None:
        self._marks[item] = token
        self.take_effect(item, token)

    with replaced(Resource, "accept", accept):
        yield


@variant("the guard takes only a token above the highest, not the same again")
def guard_refuses_equal() -> Iterator[None]:
    def accept(self: Resource, item: int, token: int) -> bool:
        if not self._marks.get(item, 0) < token:
            return False
        self._marks[item] = token
        self.take_effect(item, token)
        return True

    with replaced(Resource, "accept", accept):
        yield


@variant("the guard is taken out")
def guard_taken_out() -> Iterator[None]:
    def accept(self: Resource, item: int, token: int) -> bool:
        self.take_effect(item, token)
        return True

    with replaced(Resource, "accept", accept):
        yield
