"""Owns the operator's requests: each goes out once, in its turn, and only while this process leads the operators.

A write carries what it is based on, a resourceVersion or at least a uid, so that one which was on its way when another
operator began does no harm: the API server refuses it as soon as the other has written.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from leader_sidecar.kube.answers import decode, message_of, status_object
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.transport import Failure, Lane, Reply

TIMEOUT_S = 10.0
RATE_PER_S = 60.0
BURST = 20

_AGAIN = frozenset({408, 425, 429})
_MERGE_PATCH = "application/merge-patch+json"


class Interrupted(Exception):
    """A request did not do what was asked; what came of it is to be looked at again.

    Args:
        message: one line for people.
        refused: the API server understood and refused: it stays so until somebody mends something.
        again_in_s: how long the API server asked to be left alone, 0 for not said.
    """

    def __init__(self, message: str, *, refused: bool = False, again_in_s: float = 0.0) -> None:
        super().__init__(message)
        self.refused = refused
        self.again_in_s = again_in_s


class Stale(Interrupted):
    """The object is another than the one that the write was based on."""


class NotLeading(Exception):
    """This process does not lead the operators: it asks for nothing."""


class Pace:
    """Let `RATE_PER_S` requests a second pass, and `BURST` at once after a rest."""

    def __init__(self) -> None:
        self._next_s = 0.0

    async def turn(self) -> None:
        """Wait until it is one's turn."""
        now_s = asyncio.get_running_loop().time()
        self._next_s = max(self._next_s, now_s - BURST / RATE_PER_S) + 1 / RATE_PER_S
        await asyncio.sleep(max(self._next_s - now_s, 0.0))


class Requests:
    """Ask for objects over one connection, one request at a time.

    Args:
        endpoint: where the API server is.
        leads: asked immediately before each request is sent.
        pace: shared by all connections of the process.
        counts: (verb, outcome) to how many there were; shared likewise.
    """

    def __init__(
        self, endpoint: Endpoint, leads: Callable[[], bool], pace: Pace, counts: Counter[tuple[str, str]]
    ) -> None:
        self._lane = Lane(endpoint)
        self._leads = leads
        self._pace = pace
        self._counts = counts

    async def get(self, path: str) -> dict[str, Any] | None:
        """Read an object at the quorum; None where it is absent."""
        return await self._ask("get", "GET", path)

    async def list(self, path: str, label: str, limit: int) -> list[dict[str, Any]]:
        """Read at most `limit` objects that carry a label, whatever its value."""
        found = await self._ask("list", "GET", path, query=urlencode({"labelSelector": label, "limit": str(limit)}))
        items = found.get("items") if found is not None else None
        if not isinstance(items, list):
            raise Interrupted(f"list {path}: the answer is no list")
        return items

    async def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make an object. Raises: Stale where one is there already."""
        return self._there(path, await self._ask("create", "POST", path, body))

    async def replace(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Write an object over the version of it that `body` was made from."""
        assert body["metadata"]["uid"], "a write names what it is based on"
        assert body["metadata"]["resourceVersion"], "a write names what it is based on"
        return self._there(path, await self._ask("update", "PUT", path, body))

    async def patch(self, path: str, found: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
        """Change some fields of this very version of an object.

        Args:
            found: the object, or its metadata under that name.
            change: JSON merge patch; null removes.
        """
        based_on = {name: found["metadata"][name] for name in ("uid", "resourceVersion")}
        metadata = {**(change.get("metadata") or {}), **based_on}
        return self._there(path, await self._ask("patch", "PATCH", path, {**change, "metadata": metadata}))

    async def delete(self, path: str, found: Mapping[str, Any]) -> None:
        """Delete this very version of an object; one that is absent is what was wanted."""
        based_on = {name: found["metadata"][name] for name in ("uid", "resourceVersion")}
        await self._ask("delete", "DELETE", path, {"preconditions": based_on})

    async def close(self) -> None:
        """Close the connection."""
        await self._lane.close()

    async def _ask(
        self, verb: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: str = ""
    ) -> dict[str, Any] | None:
        await self._pace.turn()
        if not self._leads():
            raise NotLeading
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        kind = _MERGE_PATCH if method == "PATCH" else "application/json"
        reply = await self._lane.exchange(
            method, path, query=query, body=content, content_type=kind, timeout_s=TIMEOUT_S
        )
        if isinstance(reply, Failure):
            self._counts[verb, "unknown"] += 1
            raise Interrupted(f"{verb} {path}: {reply.message}")
        return self._read(verb, path, reply)

    def _read(self, verb: str, path: str, reply: Reply) -> dict[str, Any] | None:
        value, code = decode(reply.body), reply.status
        status = status_object(value)
        if 200 <= code < 300 and isinstance(value, dict):
            self._counts[verb, "done"] += 1
            return value
        message = f"{verb} {path}: {code} {message_of(status) or 'and nothing that can be read'}"
        if code == 404 and status is not None and status.get("reason") == "NotFound":
            self._counts[verb, "absent"] += 1
            return None
        if code == 409:
            self._counts[verb, "conflict"] += 1
            raise Stale(message)
        refused = 400 <= code < 500 and code not in _AGAIN
        self._counts[verb, "rejected" if refused else "unknown"] += 1
        raise Interrupted(message, refused=refused, again_in_s=reply.retry_after_s)

    @staticmethod
    def _there(path: str, answer: dict[str, Any] | None) -> dict[str, Any]:
        if answer is None:
            raise Stale(f"{path} is gone")
        return answer
