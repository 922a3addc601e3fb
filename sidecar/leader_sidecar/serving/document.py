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
    return (
        f'{{"election": {_text(answer.election)}, "isLeader": {"true" if answer.is_leader else "false"}, '
        f'"token": {_number(answer.token)}, "validForSeconds": {answer.valid_for_s}, '
        f'"leader": {_leader(answer.leader) if answer.leader else "null"}, '
        f'"self": {{"name": {_text(answer.self_name)}, "identity": {_text(answer.self_identity)}}}, '
        f'"index": {answer.index}{until}}}'
    )


def fencing_headers(answer: Answer) -> dict[str, str]:
    """Return the headers of every answer about leadership: never stored, and the token only when leading."""
    headers = {"Cache-Control": "no-store"}
    if answer.is_leader:
        headers["X-Fencing-Token"] = str(answer.token)
    return headers


def _leader(leader: Leader) -> str:
    return (
        f'{{"name": {_text(leader.name)}, "identity": {_text(leader.identity)}, "token": {_number(leader.token)}, '
        f'"acquiredAt": {_text(leader.acquired_at)}, "renewedAt": {_text(leader.renewed_at)}}}'
    )


# The same few names in every answer, and a new time at every renewal.
@lru_cache(maxsize=64)
def _text(text: str) -> str:
    return _ENCODER.encode(text)


def _number(number: int | None) -> str:
    return "null" if number is None else str(number)
