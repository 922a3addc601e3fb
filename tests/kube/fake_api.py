"""A small real HTTP server that answers each request by the next word of a script, and fails the test on any other."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from leader_sidecar.kube.credentials import Credentials, StaticToken
from leader_sidecar.kube.endpoint import Endpoint

BOUND_S = 5.0
"""Every wait of a test ends after this long."""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; `connection` counts the connections from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass
class FakeApi:
    """Hold the script and what arrived."""

    answers: deque[Answer] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    base_url: str = ""
    _connections: dict[tuple[str, int], int] = field(default_factory=dict)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of loopback."""
        application = web.Application(client_max_size=4 << 20)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.05, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is not None:
            await self._runner.cleanup()

    def will(self, *answers: Answer) -> None:
        """Append to the script."""
        self.answers.extend(answers)

    def endpoint(
        self, credentials: Credentials | None = None, tls: ssl.SSLContext | None = None, server_name: str = ""
    ) -> Endpoint:
        """Return the way here."""
        return Endpoint(self.base_url, tls, credentials or StaticToken(), "default", "a test", server_name)

    async def arrived(self, count: int) -> None:
        """Wait until this many requests have arrived."""
        async with asyncio.timeout(BOUND_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.seen) >= count)

    @property
    def connections(self) -> list[int]:
        """The connection of each request."""
        return [seen.connection for seen in self.seen]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peername")[:2]
        number = self._connections.setdefault(peer, len(self._connections) + 1)
        body = await request.read()
        seen = Seen(request.method, request.path, dict(request.query), dict(request.headers), body, number)
        async with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()
        if not self.answers:
            self.unexpected.append(f"{request.method} {request.path_qs}")
            return web.Response(status=500, text="not in the script")
        return await self.answers.popleft()(request)


# --- answers ----------------------------------------------------------------------------------------------------------


def respond(status: int, body: object = b"", **headers: str) -> Answer:
    """Answer at once; `body` is bytes, or anything else for JSON. Underscores in header names become dashes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=content, headers=kind | named)

    return answer


async def drop(request: web.Request) -> web.StreamResponse:
    """Break the connection with the request in hand."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer; ends when the client goes away."""
    await asyncio.Event().wait()
    raise AssertionError("waits for ever")


def half(status: int, body: bytes) -> Answer:
    """Send the head and half of the body, then break the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request, status, len(body))
        await response.write(body[: len(body) // 2])
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def stall(status: int, body: bytes) -> Answer:
    """Send the head and half of the body, then nothing more."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request, status, len(body))
        await response.write(body[: len(body) // 2])
        return await hang(request)

    return answer


def trickle(status: int, body: bytes, every_s: float) -> Answer:
    """Send a byte at a time: never silent, never done in time."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request, status, len(body))
        for byte in body:
            await response.write(bytes([byte]))
            await asyncio.sleep(every_s)
        return response

    return answer


def lines(*events: object, every_s: float = 0.0, then: Answer | None = None) -> Answer:
    """Stream watch events, one a line (bytes as they are), then end properly or go on with `then`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for event in events:
            await response.write(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")
            await asyncio.sleep(every_s)
        if then is not None:
            await then(request)
        return response

    return answer


async def _begin(request: web.Request, status: int, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    return response


# --- objects ----------------------------------------------------------------------------------------------------------


def lease(version: int = 7, holder: str = "", name: str = "payouts", **spec: Any) -> dict[str, Any]:
    """Make a Lease as the API answers it."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": "default", "name": name, "uid": "u-1", "resourceVersion": str(version)},
        "spec": {"holderIdentity": holder, **spec} if holder or spec else {},
    }


def status(code: int, reason: str, message: str = "", **details: object) -> dict[str, Any]:
    """Make a Status of a failure."""
    document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return document | ({"message": message} if message else {}) | ({"details": details} if details else {})


ABSENT = status(404, "NotFound", 'leases "payouts" not found', name="payouts", kind="leases")


@dataclass
class Lines:
    """A log that keeps its lines."""

    kept: list[tuple[str, str, Mapping[str, object]]] = field(default_factory=list)

    def __call__(self, level: str, event: str, **fields: object) -> None:
        self.kept.append((level, event, fields))

    @property
    def events(self) -> list[str]:
        """The events in order."""
        return [event for _, event, _ in self.kept]
