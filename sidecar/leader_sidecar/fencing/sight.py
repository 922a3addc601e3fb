"""Owns what an application may believe of its sidecar's answers, and for how long: no socket, no waiting.

An answer holds from the moment at which it was asked for, for `validForSeconds`, on CLOCK_BOOTTIME, which counts the
time that a machine was suspended (DESIGN §12.5). Whatever is not understood means: not leading.
"""

import json
import time
from dataclasses import dataclass
from typing import TypeGuard

from leader_sidecar.fencing.token import MAX_TOKEN


def now_s() -> float:
    """Read CLOCK_BOOTTIME, in seconds; the same clock as the sidecar's, which runs on the same kernel."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # noqa: TID251 (an application cannot import the sidecar's clock)


@dataclass(frozen=True, slots=True)
class Sight:
    """That this pod leads, as one answer tells it.

    Args:
        token: of the term.
        election: `namespace/name`.
        valid_until_s: the instant, on CLOCK_BOOTTIME, up to which it leads at least.
    """

    token: int
    election: str
    valid_until_s: float


def read_sight(document: bytes | str, asked_at_s: float, received_at_s: float) -> Sight | None:
    """Read an answer of `/leader`, or the data of an event.

    Args:
        asked_at_s: when the request was sent; for an event, when the stream was asked for.
        received_at_s: when it had arrived.

    Returns:
        None where it says that this pod does not lead, or is not understood.
    """
    try:
        told = json.loads(document)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("isLeader") is not True:
        return None
    token, election, valid_s = told.get("token"), told.get("election"), told.get("validForSeconds")
    until_s = told.get("validUntilBoottimeSeconds")
    if type(token) is not int or not 1 <= token <= MAX_TOKEN or not isinstance(election, str):
        return None
    if not _is_number(valid_s) or not 0 < valid_s < float("inf"):
        return None
    if until_s is None:
        return Sight(token, election, asked_at_s + valid_s)
    if not _is_number(until_s):
        return None
    # An event came when it came: the instant counts. It is never later than from its arrival.
    return Sight(token, election, min(until_s, received_at_s + valid_s))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
