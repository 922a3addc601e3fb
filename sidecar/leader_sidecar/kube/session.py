"""Owns how aiohttp is tamed: one connection, each request sent once, nothing taken from the environment."""

import socket
import ssl

import aiohttp

from leader_sidecar import __version__

# Idle seconds, seconds between probes, probes: a peer that vanished is noticed after a minute at the latest.
_TCP_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class ConnectionLost(aiohttp.ClientError):
    """The connection broke under a request that may have been carried out."""


def new_session(ssl_context: ssl.SSLContext | None, keepalive_s: float) -> aiohttp.ClientSession:
    """Make a session that keeps one connection, inside a running event loop.

    Args:
        ssl_context: None for plain http.
        keepalive_s: for how long an idle connection is kept; 0 closes it after each request.
    """
    connector = aiohttp.TCPConnector(
        limit=1,
        ssl=ssl_context or True,
        force_close=not keepalive_s,
        keepalive_timeout=keepalive_s or None,
        socket_factory=_new_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),  # the limit of each request is the only one
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"leader-sidecar/{__version__}",
        },
        middlewares=(_once,),
    )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp sends a GET or PUT again by itself when a kept-alive connection breaks under it (DESIGN §12.1). It does so
    # on two exceptions, outside its middlewares; a third kind of exception passes.
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent, and its message says where to
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionLost(f"the connection broke before an answer: {error}") from error


def _new_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _TCP_KEEPALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection
