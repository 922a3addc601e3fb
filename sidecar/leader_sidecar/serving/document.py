"""Owns the JSON document of an answer."""

import json
import math
from functools import lru_cache

from leader_sidecar.core.status import Answer, Leader

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def document(answer: Answer, *, late: bool = False) -> str:
    """Write the document of one answer, on one line.

    It is put together here, not by an encoder, which took a third of the time of a whole request.

    Args:
        answer: computed a moment ago.
        late: it may reach the app long after the app asked, as long polls and events do; then the end of validity is
            also given as an instant of CLOCK_BOOTTIME, which the app of the same pod can read too.

    Source: DESIGN §5, §12.5.
    """
    until = f', "validUntilBoottimeSeconds": {math.floor(answer.valid_until_s * 1000) / 1000}' if late else ""
    head = _head(answer.election, answer.is_leader, answer.token)
    tail = _tail(answer.leader, answer.self_name, answer.self_identity, answer.index)
    return f'{{{head}, "validForSeconds": {answer.valid_for_s}, {tail}{until}}}'


def fencing_headers(answer: Answer) -> dict[str, str]:
    """Return the headers of every answer about leadership: never stored, and the token only when leading."""
    headers = {"Cache-Control": "no-store"}
    if answer.is_leader:
        headers["X-Fencing-Token"] = str(answer.token)
    return headers


# Validity apart, all answers between two renewals are the same.
@lru_cache(maxsize=16)
def _head(election: str, is_leader: bool, token: int | None) -> str:
    return f'"election": {_text(election)}, "isLeader": {"true" if is_leader else "false"}, "token": {_number(token)}'


@lru_cache(maxsize=16)
def _tail(leader: Leader | None, self_name: str, self_identity: str, index: int) -> str:
    return (
        f'"leader": {_leader(leader) if leader else "null"}, '
        f'"self": {{"name": {_text(self_name)}, "identity": {_text(self_identity)}}}, "index": {index}'
    )


def _leader(leader: Leader) -> str:
    return (
        f'{{"name": {_text(leader.name)}, "identity": {_text(leader.identity)}, "token": {_number(leader.token)}, '
        f'"acquiredAt": {_text(leader.acquired_at)}, "renewedAt": {_text(leader.renewed_at)}}}'
    )


def _text(text: str) -> str:
    return _ENCODER.encode(text)


def _number(number: int | None) -> str:
    return "null" if number is None else str(number)
