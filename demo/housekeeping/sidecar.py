"""Asks the sidecar of the own pod who leads, and how long its answer may be acted on."""

from __future__ import annotations

import http.client
import json
import os
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_WAIT_S = 30.0
ANSWER_S = 2.0


@dataclass(frozen=True)
class Answer:
    """One answer of the sidecar.

    Args:
        is_leader: whether this pod led when the answer was made.
        token: the fencing token, None unless leading.
        leader: the name of the pod that leads, "" where nobody is known to.
        valid_until_s: on CLOCK_BOOTTIME, the last instant at which this answer may be acted on; 0 unless leading.
        index: given back, so that the sidecar answers only when something has changed.
    """

    is_leader: bool
    token: int | None
    leader: str
    valid_until_s: float
    index: int | None


NOBODY = Answer(is_leader=False, token=None, leader="", valid_until_s=0.0, index=None)


def now_s() -> float:
    """Return seconds of CLOCK_BOOTTIME, which counts suspend and is the sidecar's clock too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def ask(url: str, last: Answer) -> Answer:
    """Wait until leadership differs from the last answer, or until that one is soon over.

    Args:
        url: such as `http://localhost:8080`.
        last: the answer that is known; `NOBODY` is answered at once.

    Returns: the sidecar's answer; `last` where nothing came in time and it is still valid; else `NOBODY`.
    """
    wait_s = LONGEST_WAIT_S if not last.is_leader else max(0.0, (last.valid_until_s - now_s()) / 2)
    query = "" if last.index is None else f"?index={last.index}&wait={wait_s:.3f}s"
    timeout_s = max(0.1, last.valid_until_s - now_s()) if last.is_leader else wait_s + ANSWER_S
    try:
        return _request(url, f"/leader{query}", timeout_s)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        # No answer is no proof: what was promised before still counts, and nothing else.
        return last if now_s() < last.valid_until_s else NOBODY


def default_url() -> str:
    """Return where the sidecar of this pod answers."""
    return os.environ.get("LEADER_URL") or "http://localhost:8080"


def _request(url: str, path: str, timeout_s: float) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        sent_s = now_s()
        connection.request("GET", path)
        told = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    # A long poll is answered late, so it gives the end of validity as an instant; else it counts from the sending.
    valid_until_s = told.get("validUntilBoottimeSeconds", sent_s + told["validForSeconds"])
    leader = (told["leader"] or {}).get("name", "")
    return Answer(told["isLeader"], told["token"], leader, valid_until_s if told["isLeader"] else 0.0, told["index"])
