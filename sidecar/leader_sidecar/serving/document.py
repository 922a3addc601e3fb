"""Owns the JSON document of an answer."""

import json
import math
from collections.abc import Mapping
from typing import Any

from leader_sidecar.core.status import Answer

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def document(answer: Answer, *, late: bool = False) -> dict[str, Any]:
    """Make the document of one answer.

    Args:
        answer: computed a moment ago.
        late: it may reach the app long after the app asked, as long polls and events do; then the end of validity is
            also given as an instant of CLOCK_BOOTTIME, which the app of the same pod can read too.

    Source: DESIGN §5, §12.5.
    """
    leader = answer.leader
    told: dict[str, Any] = {
        "election": answer.election,
        "isLeader": answer.is_leader,
        "token": answer.token,
        "validForSeconds": answer.valid_for_s,
        "leader": leader
        and {
            "name": leader.name,
            "identity": leader.identity,
            "token": leader.token,
            "acquiredAt": leader.acquired_at,
            "renewedAt": leader.renewed_at,
        },
        "self": {"name": answer.self_name, "identity": answer.self_identity},
        "index": answer.index,
    }
    if late:
        told["validUntilBoottimeSeconds"] = math.floor(answer.valid_until_s * 1000) / 1000
    return told


def encode(told: Mapping[str, Any]) -> bytes:
    """Encode a document on one line."""
    return _ENCODER.encode(told).encode()


def fencing_headers(answer: Answer) -> dict[str, str]:
    """Return the headers of every answer about leadership: never stored, and the token only when leading."""
    headers = {"Cache-Control": "no-store"}
    if answer.is_leader:
        headers["X-Fencing-Token"] = str(answer.token)
    return headers
