"""One connection: whole answers or failures, bounded in time and size, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kube.fake_api import BOUND_S, FakeApi, drop, half, hang, lease, lines, respond, stall, trickle
from leader_sidecar.kube.credentials import StaticToken, TokenFile
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.transport import MAX_BODY_BYTES, Failure, Lane, Reply, Stream

LEASE = json.dumps(lease()).encode()


@pytest.mark.parametrize(
    "answer", [hang, stall(200, LEASE), trickle(200, LEASE, 0.01)], ids=["hang", "stall", "trickle"]
)
async def test_timeout_covers_the_last_byte_and_the_connection_is_not_used_again(
    api: FakeApi, lane: Lane, answer: Callable[..., object]
) -> None:
    api.will(respond(200), answer, respond(200))  # type: ignore[arg-type]
    assert isinstance(await lane.exchange("GET", "/warm", timeout_s=2), Reply)
    outcome = await lane.exchange("GET", "/x", timeout_s=0.1)
    assert outcome == Failure("no complete answer within 0.1 s")
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=2), Reply)
    assert api.connections == [1, 1, 2]


async def test_timeout_covers_connecting() -> None:
    """A listening socket whose queue is full drops the handshake: the client hears nothing at all."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        lane = Lane(Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}", None, StaticToken(), "", ""))
        began_s = loop.time()
        assert await lane.exchange("GET", "/x", timeout_s=0.1) == Failure("no complete answer within 0.1 s")
        assert loop.time() - began_s < 1.0
        await lane.close()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "broke before an answer"),
        (b"\x16\x03\x01 no http at all\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd", ""),
    ],
    ids=["nothing", "no http", "negative length", "huge header", "broken chunk", "broken gzip", "short body"],
)
async def test_broken_bytes_are_a_failure_and_never_an_exception(raw: bytes, says: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        lane = Lane(Endpoint(f"http://127.0.0.1:{port}", None, StaticToken(), "", ""))
        outcome = await lane.exchange("GET", "/x", timeout_s=2)
        await lane.close()
    assert isinstance(outcome, Failure)
    assert says in outcome.message
    assert outcome.message
    assert "no complete answer within" not in outcome.message


async def test_half_an_answer_is_a_failure(api: FakeApi, lane: Lane) -> None:
    api.will(half(200, LEASE))
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=2), Failure)


async def test_nobody_listening_is_a_failure_that_says_where() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    lane = Lane(Endpoint(f"http://127.0.0.1:{port}", None, StaticToken(), "", ""))
    outcome = await lane.exchange("GET", "/x", timeout_s=2)
    await lane.close()
    assert isinstance(outcome, Failure)
    assert f"cannot connect to 127.0.0.1:{port}" in outcome.message


async def test_name_that_does_not_resolve_is_a_failure() -> None:
    lane = Lane(Endpoint("http://nowhere.invalid", None, StaticToken(), "", ""))
    outcome = await lane.exchange("GET", "/x", timeout_s=BOUND_S)
    await lane.close()
    assert isinstance(outcome, Failure)


async def test_body_beyond_the_limit_is_not_taken_and_its_connection_closed(api: FakeApi, lane: Lane) -> None:
    api.will(respond(200, b"x" * MAX_BODY_BYTES), respond(200, b"x" * 4 * MAX_BODY_BYTES), respond(200))
    assert await lane.exchange("GET", "/x", timeout_s=BOUND_S) == Reply(200, b"x" * MAX_BODY_BYTES)
    assert await lane.exchange("GET", "/x", timeout_s=BOUND_S) == Reply(200, None)
    await lane.exchange("GET", "/x", timeout_s=BOUND_S)
    assert api.connections == [1, 1, 2]


@pytest.mark.parametrize(
    ("text", "taken_s"), [("7", 7.0), ("999", 60.0), ("-3", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("1e3", 0.0)]
)
async def test_retry_after_is_seconds_up_to_sixty(api: FakeApi, lane: Lane, text: str, taken_s: float) -> None:
    api.will(respond(503, Retry_After=text))
    assert await lane.exchange("GET", "/x", timeout_s=2) == Reply(503, b"", taken_s)


async def test_cancelled_request_closes_its_connection_and_leaves_no_task(api: FakeApi, lane: Lane) -> None:
    api.will(respond(200), hang, respond(200))
    await lane.exchange("GET", "/warm", timeout_s=2)
    before = asyncio.all_tasks()
    request = asyncio.ensure_future(lane.exchange("PUT", "/x", body=b"{}", timeout_s=60))
    await api.arrived(2)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    client_side = {task for task in asyncio.all_tasks() - before if "aiohttp/web" not in repr(task.get_coro())}
    assert not {task for task in client_side if "RequestHandler" not in repr(task)}
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=2), Reply)
    assert api.connections == [1, 1, 2]


async def test_token_goes_into_the_header_and_is_read_again_after_401(
    api: FakeApi, new_lane: Callable[..., Lane], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    lane = new_lane(api.endpoint(TokenFile(file)))
    api.will(respond(200), respond(401), respond(200))
    await lane.exchange("GET", "/x", timeout_s=2)
    file.write_text("new\n")
    assert await lane.exchange("GET", "/x", timeout_s=2) == Reply(401, b"")
    await lane.exchange("GET", "/x", timeout_s=2)
    assert [seen.headers["Authorization"] for seen in api.seen] == ["Bearer old", "Bearer old", "Bearer new"]


async def test_base_url_may_have_a_path_before_the_apis_own(api: FakeApi, new_lane: Callable[..., Lane]) -> None:
    lane = new_lane(Endpoint(f"{api.base_url}/k8s/clusters/c-1", None, StaticToken(), "", ""))
    api.will(respond(200))
    await lane.exchange("GET", "/apis/x", query="a=b%3Dc", timeout_s=2)
    assert (api.seen[0].path, api.seen[0].query) == ("/k8s/clusters/c-1/apis/x", {"a": "b=c"})


async def test_stream_gives_what_came_and_then_its_end(api: FakeApi, lane: Lane) -> None:
    api.will(lines(b"one\n"), respond(200))
    stream = await lane.stream("/x", timeout_s=2)
    assert isinstance(stream, Stream)
    assert (await stream.chunk(2), await stream.chunk(2)) == (b"one\n", None)
    stream.close()
    await lane.exchange("GET", "/x", timeout_s=2)
    assert api.connections == [1, 1]


async def test_silent_stream_is_a_failure_and_closing_it_closes_the_connection(api: FakeApi, lane: Lane) -> None:
    api.will(lines(b"one\n", then=hang), respond(200))
    stream = await lane.stream("/x", timeout_s=2)
    assert isinstance(stream, Stream)
    assert await stream.chunk(2) == b"one\n"
    assert isinstance(await stream.chunk(0.02), Failure)
    stream.close()
    await lane.exchange("GET", "/x", timeout_s=2)
    assert api.connections == [1, 2]


async def test_broken_stream_is_a_failure(api: FakeApi, lane: Lane) -> None:
    api.will(lines(b"one\n", then=drop), drop)
    stream = await lane.stream("/x", timeout_s=2)
    assert isinstance(stream, Stream)
    assert await stream.chunk(2) == b"one\n"
    assert isinstance(await stream.chunk(2), Failure)
    stream.close()
    assert isinstance(await lane.stream("/x", timeout_s=2), Failure)
