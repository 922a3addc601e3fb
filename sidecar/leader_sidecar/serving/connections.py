"""Owns what a port grants its connections: how many, how large a head, and what happens to bytes that are no HTTP."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import HttpVersion10, web

from leader_sidecar.serving.problem import Problem

MAX_CONNECTIONS = 64
MAX_HEAD_BYTES = 8192
IDLE_S = 75.0
UNREADABLE = "this is no HTTP request that can be read: use HTTP/1.1"

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Port(web.Server):
    """Serve one port: at most `MAX_CONNECTIONS` at once, the next one closes the longest idle.

    Args:
        answer: answers one request, or raises a `Problem`.
    """

    def __init__(self, answer: Answer) -> None:
        # A client that has gone frees what it waited for.
        super().__init__(self._handle, handler_cancellation=True)
        self._answer = answer
        self._open: dict[_Connection, None] = {}

    def __call__(self) -> web.RequestHandler:
        """Make the protocol of one connection."""
        return _Connection(self)

    def opened(self, connection: "_Connection") -> None:
        """Count a connection in; the longest idle has to go where there are too many."""
        if len(self._open) >= MAX_CONNECTIONS:
            # Where all are busy, the one that has waited longest goes: whoever comes now is answered.
            idle = next((one for one in self._open if not one.busy), next(iter(self._open)))
            del self._open[idle]  # at once: more may come before the loop tells of its end
            idle.abort()
        self._open[connection] = None

    def answered(self, connection: "_Connection") -> None:
        """Note that a connection begins to be idle; bytes alone, as of a head without an end, are no use of it."""
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def closed(self, connection: "_Connection") -> None:
        """Count a connection out."""
        self._open.pop(connection, None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, _Connection)
        connection.begin()
        try:
            if request.version < HttpVersion10:
                raise Problem(400, UNREADABLE)
            response = await self._answer(request)
        except Problem as problem:
            response = problem.response()
        finally:
            connection.end()
        response.headers.setdefault("Server", "leader-sidecar")
        return response


class _Connection(web.RequestHandler):
    """One connection, with its limits."""

    __slots__ = ("_head_bytes", "_port", "busy")

    def __init__(self, port: Port) -> None:
        super().__init__(
            port,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=IDLE_S,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEAD_BYTES,
            lingering_time=0.0,
            auto_decompress=False,
        )
        self._port = port
        self._head_bytes = 0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, within the number that the port grants."""
        super().connection_made(transport)
        self._port.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._port.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, up to the limit of a head; no request here has a body worth more."""
        self._head_bytes += len(data)
        if self._head_bytes <= MAX_HEAD_BYTES:
            super().data_received(data)
        elif self.busy:
            self.abort()
        else:
            self._refuse_head()

    def begin(self) -> None:
        """Note that a request is being answered."""
        self.busy = True
        self._head_bytes = 0

    def end(self) -> None:
        """Note that it has been."""
        self.busy = False
        self._port.answered(self)

    def abort(self) -> None:
        """Close at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be read, or went wrong here, with a problem document and close."""
        if status >= 500:
            self.logger.error("a request to %r failed", request.path[:100], exc_info=exc)
            if request.writer.output_size > 0:
                raise ConnectionError("half of an answer is sent: there is no place for a problem document")
            problem = Problem(500, "something went wrong in the sidecar: its log says what")
        else:
            problem = Problem(400, UNREADABLE)
        response = problem.response()
        response.force_close()
        return response

    def _refuse_head(self) -> None:
        transport = self.transport
        if not isinstance(transport, asyncio.Transport) or transport.is_closing():
            return
        problem = Problem(431, f"the request is over {MAX_HEAD_BYTES} bytes: send fewer headers, and no body")
        body = problem.body()
        head = (
            "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/problem+json\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        transport.write(head.encode() + body)
        transport.close()
