"""How aiohttp is tamed: sent once, one connection, nothing from the environment."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import pytest

from kube.fake_api import FakeApi, drop, lease, respond
from leader_sidecar import __version__
from leader_sidecar.kube import session as session_module
from leader_sidecar.kube.transport import Failure, Lane, Reply


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_request_is_on_the_wire_once_when_the_kept_alive_connection_drops(
    api: FakeApi, lane: Lane, method: str
) -> None:
    api.will(respond(200, lease()), drop)
    body = None if method == "GET" else b"{}"
    assert isinstance(await lane.exchange("GET", "/warm", timeout_s=2), Reply)
    outcome = await lane.exchange(method, "/x", body=body, timeout_s=2)
    assert isinstance(outcome, Failure)
    assert "broke before an answer" in outcome.message
    assert [(seen.method, seen.connection) for seen in api.seen] == [("GET", 1), (method, 1)]


async def test_aiohttp_by_itself_would_send_it_twice(api: FakeApi, lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail: without our middleware the same drop puts the PUT on the wire again."""

    async def passes(request: object, handler: Callable[[object], object]) -> object:
        return await handler(request)  # type: ignore[misc]

    monkeypatch.setattr(session_module, "_once", passes)
    api.will(respond(200, lease()), drop, respond(200, lease()))
    await lane.exchange("GET", "/warm", timeout_s=2)
    assert isinstance(await lane.exchange("PUT", "/x", body=b"{}", timeout_s=2), Reply)
    assert [seen.method for seen in api.seen] == ["GET", "PUT", "PUT"]


async def test_one_connection_carries_all_requests(api: FakeApi, lane: Lane) -> None:
    api.will(*[respond(200, lease(version)) for version in range(20)])
    for _ in range(20):
        await lane.exchange("GET", "/x", timeout_s=2)
    assert api.connections == [1] * 20


async def test_lane_without_keepalive_closes_after_each_request(api: FakeApi, new_lane: Callable[..., Lane]) -> None:
    lane = new_lane(api.endpoint(), keepalive_s=0)
    api.will(respond(200), respond(200))
    for _ in range(2):
        await lane.exchange("GET", "/x", timeout_s=2)
    assert api.connections == [1, 2]


async def test_idle_connection_is_closed_in_time(api: FakeApi, new_lane: Callable[..., Lane]) -> None:
    lane = new_lane(api.endpoint(), keepalive_s=1e-9)
    api.will(respond(200), respond(200))
    for _ in range(2):
        await lane.exchange("GET", "/x", timeout_s=2)
    assert api.connections == [1, 2]


async def test_redirect_is_an_answer_and_not_followed(api: FakeApi, lane: Lane) -> None:
    api.will(respond(307, Location="/elsewhere"))
    assert await lane.exchange("PUT", "/x", body=b"{}", timeout_s=2) == Reply(307, b"")


async def test_cookies_are_not_kept(api: FakeApi, lane: Lane) -> None:
    api.will(respond(200, Set_Cookie="a=b"), respond(200))
    for _ in range(2):
        await lane.exchange("GET", "/x", timeout_s=2)
    assert "Cookie" not in api.seen[1].headers


async def test_proxies_and_netrc_of_the_environment_are_not_used(
    api: FakeApi, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    api.will(respond(200))
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=2), Reply)


async def test_headers_name_us_and_ask_for_plain_json(api: FakeApi, lane: Lane) -> None:
    api.will(respond(200))
    await lane.exchange("GET", "/x", timeout_s=2)
    headers = api.seen[0].headers
    assert headers["User-Agent"] == f"leader-sidecar/{__version__}"
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers


def test_sockets_send_at_once_and_notice_a_vanished_peer() -> None:
    connection = session_module._new_socket(
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 0))
    )
    with connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if sys.platform == "linux":
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
