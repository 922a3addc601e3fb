"""An HTTP client that hides nothing: it sends the bytes that it is told to, and reads what comes back, in time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self

BOUND_S = 5.0


@dataclass(frozen=True)
class Response:
    """One response; `headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def problem(self, status: int) -> str:
        """Check that this is a problem document (RFC 9457) of that status, and return its detail."""
        assert self.status == status, self
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["cache-control"] == "no-store"
        assert self.document.keys() == {"type", "title", "status", "detail"}
        assert self.document["status"] == status
        return str(self.document["detail"])


class Connection:
    """One connection; use it as a context.

    Args:
        port: of the server, on loopback.
        host: `127.0.0.1` or `::1`.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._port = port
        self._host = host

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Send one request to localhost and read its response."""
        self.send(request(path, method, **headers))
        return await self.response(method)

    def send(self, sent: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(sent)

    async def response(self, method: str = "GET") -> Response:
        """Read one response with a known length."""
        status, headers = await self.head()
        length = 0 if method == "HEAD" else int(headers["content-length"])
        async with asyncio.timeout(BOUND_S):
            return Response(status, headers, await self.reader.readexactly(length))

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of a response: its status and headers."""
        async with asyncio.timeout(BOUND_S):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        return int(first.split()[1]), {name.lower(): value for name, value in headers.items()}

    async def chunk(self) -> str:
        """Read one chunk of a body that has no length, "" at its end."""
        async with asyncio.timeout(BOUND_S):
            size = int(await self.reader.readline(), 16)
            return (await self.reader.readexactly(size + 2))[:-2].decode()

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; what is still sent does not count."""
        async with asyncio.timeout(BOUND_S):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True


def request(path: str, method: str = "GET", **headers: str) -> bytes:
    """Make a request; `Host` is localhost unless it is given."""
    told = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def ask(port: int, path: str, method: str = "GET", *, host: str = "127.0.0.1", **headers: str) -> Response:
    """Ask once, over a connection of its own."""
    async with Connection(port, host) as one:
        return await one.ask(path, method, **headers)


async def ask_raw(port: int, sent: bytes) -> Response:
    """Send bytes over a connection of its own and read one response."""
    async with Connection(port) as one:
        one.send(sent)
        return await one.response()
