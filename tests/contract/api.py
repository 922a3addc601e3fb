"""Raw HTTP to an API server under test: one request, one answer; one watch, its events in order."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LEASES = "/apis/coordination.k8s.io/v1"
_ANSWER_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, headers, and the body as JSON (or as text where it is none)."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def message(self) -> str:
        """Return a Status's message, or nothing."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""

    @property
    def version(self) -> int:
        """Return the resourceVersion as a number."""
        return int(self.body["metadata"]["resourceVersion"])


@dataclass
class Api:
    """Ask one server, within one namespace of its own.

    Args:
        url: the server's address.
        namespace: exists on the server and belongs to this test.
        tls: for https.
        headers: sent with every request.
        event_wait_s: how long a watch may keep a reader waiting for its next event.
    """

    session: aiohttp.ClientSession
    url: str
    namespace: str
    tls: ssl.SSLContext | bool = True
    headers: dict[str, str] = field(default_factory=dict)
    event_wait_s: float = 10.0

    def path(self, name: str = "") -> str:
        """Return the path of a Lease, or of the Leases of the namespace."""
        return f"{LEASES}/namespaces/{self.namespace}/leases" + (f"/{name}" if name else "")

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            body: sent as JSON, or None.
            data: sent as it is, as `application/json` unless the headers say otherwise.
        """
        sent = json.dumps(body).encode() if data is None and body is not None else data
        kind = {"Content-Type": "application/json"} if sent is not None else {}
        async with self.session.request(
            method,
            self.url + path,
            # aiohttp warns of large bodies that come in one piece.
            data=io.BytesIO(sent) if sent is not None and len(sent) > 2**20 else sent,
            headers={"Accept": "application/json", **kind, **self.headers, **(headers or {})},
            ssl=self.tls,
            timeout=aiohttp.ClientTimeout(total=_ANSWER_S),
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return Answer(answer.status, dict(answer.headers), json.loads(text) if is_json else text)

    async def get(self, name: str) -> Answer:
        """GET a Lease."""
        return await self.request("GET", self.path(name))

    async def put(self, lease: dict[str, Any]) -> Answer:
        """PUT a Lease to the path of its own name."""
        return await self.request("PUT", self.path(lease["metadata"]["name"]), lease)

    async def post(self, name: str, **spec: Any) -> Answer:
        """POST a Lease."""
        return await self.request("POST", self.path(), new_lease(name, **spec))

    async def delete(self, name: str) -> Answer:
        """DELETE a Lease."""
        return await self.request("DELETE", self.path(name))

    async def created(self, **spec: Any) -> dict[str, Any]:
        """Create a Lease of a new name. Returns: the Lease as answered."""
        answer = await self.post(f"lease-{secrets.token_hex(4)}", **spec)
        assert answer.status == 201, answer
        return dict(answer.body)

    async def written(self, lease: dict[str, Any], **spec: Any) -> dict[str, Any]:
        """Replace a Lease with these fields of its spec changed. Returns: the Lease as answered."""
        answer = await self.put({**lease, "spec": {**lease.get("spec", {}), **spec}})
        assert answer.status == 200, answer
        return dict(answer.body)

    @asynccontextmanager
    async def watch(self, path: str | None = None, *, timeout_s: int = 30, **query: Any) -> AsyncIterator[Watch]:
        """Open a watch.

        Args:
            path: of the Leases of the namespace when None.
            timeout_s: sent as `timeoutSeconds`.
            query: further parameters.
        """
        parameters = {"watch": "true", "timeoutSeconds": str(timeout_s), **{k: str(v) for k, v in query.items()}}
        async with self.session.get(
            self.url + (path or self.path()),
            params=parameters,
            headers={"Accept": "application/json", **self.headers},
            ssl=self.tls,
            timeout=aiohttp.ClientTimeout(total=timeout_s + _ANSWER_S),
        ) as answer:
            try:
                yield Watch(answer, self.event_wait_s)
            finally:
                # A gentle end would wait for the server's word on a stream that goes on for long.
                if answer.connection is not None and answer.connection.transport is not None:
                    answer.connection.transport.abort()


class Watch:
    """Read the events of an open watch."""

    def __init__(self, answer: aiohttp.ClientResponse, wait_s: float) -> None:
        self.status = answer.status
        self._answer = answer
        self._wait_s = wait_s

    async def next(self, wait_s: float | None = None) -> Event | None:
        """Return the next event, or None at the stream's end; TimeoutError when neither comes."""
        async with asyncio.timeout(self._wait_s if wait_s is None else wait_s):
            line = await self._answer.content.readline()
        if not line:
            return None
        document = json.loads(line)
        return Event(document["type"], document["object"])

    async def take(self, count: int) -> list[Event]:
        """Return the next `count` events that are no bookmarks."""
        events: list[Event] = []
        while len(events) < count:
            event = await self.next()
            assert event is not None, f"the stream ended after {events}"
            if event.type != "BOOKMARK":
                events.append(event)
        return events

    async def rest(self) -> list[Event]:
        """Return all events up to the stream's end."""
        events: list[Event] = []
        while (event := await self.next(wait_s=40.0)) is not None:
            events.append(event)
        return events


@dataclass(frozen=True)
class Event:
    """One event of a watch."""

    type: str
    object: dict[str, Any]

    @property
    def version(self) -> int:
        """Return the object's resourceVersion as a number."""
        return int(self.object["metadata"]["resourceVersion"])

    @property
    def name(self) -> str:
        """Return the object's name."""
        return str(self.object["metadata"]["name"])


def new_lease(name: str, **spec: Any) -> dict[str, Any]:
    """Return a Lease to be created; without any field of a spec it has none."""
    lease: dict[str, Any] = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
    return {**lease, "spec": spec} if spec else lease


def version_of(lease: dict[str, Any]) -> int:
    """Return a Lease's resourceVersion as a number."""
    return int(lease["metadata"]["resourceVersion"])


def changed(lease: dict[str, Any], *, without: tuple[str, ...] = (), **metadata: Any) -> dict[str, Any]:
    """Return a Lease with other metadata."""
    kept = {key: value for key, value in lease["metadata"].items() if key not in without}
    return {**lease, "metadata": {**kept, **metadata}}


def lease_details(name: str) -> dict[str, str]:
    """Return the details of a Status about a Lease."""
    return {"name": name, "group": "coordination.k8s.io", "kind": "leases"}


def assert_status(answer: Answer, code: int, reason: str, message: str) -> None:
    """Compare a Status, all but its details."""
    found = {key: value for key, value in answer.body.items() if key != "details"}
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    assert answer.status == code, answer
    assert found == {**head, **({"reason": reason} if reason else {}), "code": code}, found
