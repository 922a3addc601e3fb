"""Owns the wire: one kept-alive connection, what is sent over it, and that each request is sent once.

Rules of this file:
1. A request goes onto the wire at most once; what became of it is then an answer or a `Failure`, never an exception.
2. A timeout covers everything from connecting to the last byte; a connection whose answer is incomplete is closed.
3. No redirect, proxy of the environment, cookie or netrc is followed; an answer is read up to 1 MiB.
"""

import asyncio
import ssl
from dataclasses import dataclass

import aiohttp
from yarl import URL

from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.session import new_session

MAX_BODY_BYTES = 1024 * 1024
MAX_RETRY_AFTER_S = 60.0
_MAX_REASON = 200

# Below the 60 s after which common load balancers drop an idle connection, and the kube-apiserver's own 90 s.
KEEPALIVE_S = 45.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer.

    Args:
        status: the HTTP status.
        body: what came with it, None where that was more than 1 MiB.
        retry_after_s: how long the server asked to be left alone, 0 … 60; 0 for not said.
    """

    status: int
    body: bytes | None
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete answer: nobody knows whether the request was carried out. `message` is for people."""

    message: str


class Stream:
    """An answer that is read as it comes. Whoever opened it closes it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.retry_after_s = _retry_after_s(response)

    async def chunk(self, timeout_s: float) -> bytes | Failure | None:
        """Wait for more.

        Returns:
            What came; None at the proper end; a `Failure` when the connection broke or nothing came in time.
        """
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await self._response.content.readany() or None
        except Exception as error:
            return Failure(_description(error, limit, timeout_s))

    async def reply(self, timeout_s: float) -> Reply | Failure:
        """Read what is left as one answer."""
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return Reply(self.status, await _whole(self._response), self.retry_after_s)
        except Exception as error:
            return Failure(_description(error, limit, timeout_s))

    def close(self) -> None:
        """Close the connection, unless the answer had come to its end; then the connection stays for the next."""
        self._response.close()


class Lane:
    """Own one connection to the API server and send one request after another over it.

    Args:
        endpoint: where to.
        keepalive_s: for how long an idle connection is kept; 0 closes it after each request.
    """

    def __init__(self, endpoint: Endpoint, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self._endpoint = endpoint
        self._keepalive_s = keepalive_s
        self._session: aiohttp.ClientSession | None = None

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout_s: float,
    ) -> Reply | Failure:
        """Send a request once and read its answer to the end.

        Args:
            method: GET, PUT or POST; the operator also sends PATCH and DELETE.
            path: from the API server's root, percent-encoded.
            query: without the question mark, percent-encoded.
            body: JSON, or None.
            content_type: of the body.
            timeout_s: for the whole, connecting included.

        Returns:
            The complete answer, or a `Failure`. Raises nothing but CancelledError.
        """
        try:
            async with asyncio.timeout(timeout_s) as limit:
                response = await self._send(method, path, query, body, content_type)
                try:
                    return Reply(response.status, await _whole(response), _retry_after_s(response))
                finally:
                    response.close()  # does nothing to a connection whose answer was read to its end
        # Whatever a hostile or broken server makes of the client, the election goes on: the outcome is unknown.
        except Exception as error:
            return Failure(_description(error, limit, timeout_s))

    async def stream(self, path: str, *, query: str = "", timeout_s: float) -> Stream | Failure:
        """Send a GET and return as soon as the head of its answer is there; arguments as for `exchange`."""
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return Stream(await self._send("GET", path, query, None))
        except Exception as error:
            return Failure(_description(error, limit, timeout_s))

    async def close(self) -> None:
        """Close the connection. The lane may be used again and then makes a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _send(
        self, method: str, path: str, query: str, body: bytes | None, content_type: str = "application/json"
    ) -> aiohttp.ClientResponse:
        endpoint = self._endpoint
        headers = {}
        authorization = endpoint.credentials.authorization(asyncio.get_running_loop().time())
        if authorization:
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = content_type
        url = URL(f"{endpoint.base_url}{path}{'?' + query if query else ''}", encoded=True)
        self._session = self._session or new_session(endpoint.ssl_context, self._keepalive_s)
        response = await self._session.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            server_hostname=endpoint.server_name or None,
        )
        if response.status == 401:
            endpoint.credentials.refused()
        return response


async def _whole(response: aiohttp.ClientResponse) -> bytes | None:
    parts, size = [], 0
    while part := await response.content.readany():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    text = response.headers.get("Retry-After", "")
    # A date is not taken: its meaning would need a comparison of clocks.
    return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdecimal() and len(text) < 10 else 0.0


def _description(error: Exception, limit: asyncio.Timeout, timeout_s: float) -> str:
    if limit.expired():
        return f"no complete answer within {timeout_s:.3g} s"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        fault = error.certificate_error
        reason = getattr(fault, "verify_message", "") or str(fault)
        return f"{error.host}:{error.port} shows a certificate that is not trusted: {reason}"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        kind = "speak TLS with" if isinstance(cause, ssl.SSLError) else "connect to"
        return f"cannot {kind} {error.host}:{error.port}: {cause.strerror or cause}"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the answer is not HTTP: {' '.join(error.message.split())[:_MAX_REASON]}"
    return " ".join(str(error).split())[:_MAX_REASON] or type(error).__name__
