"""What a port grants its connections: heads of 8 KiB, 64 at once, and an end to what is no HTTP."""

from __future__ import annotations

import asyncio
import logging

import pytest

from serving.client import BOUND_S, Connection, ask, ask_raw, request
from serving.conftest import Serve
from serving.election import FakeElection


async def test_a_head_that_is_too_large_is_431(port: int) -> None:
    (await ask_raw(port, request("/leader", X_Long="x" * 8192))).problem(431)


async def test_a_head_of_just_under_8_kib_is_answered(port: int) -> None:
    assert (await ask(port, "/leader", X_Long="x" * 8000)).status == 200


async def test_many_small_headers_are_one_large_head(port: int) -> None:
    lines = "".join(f"X-{number}: y\r\n" for number in range(1000))
    (await ask_raw(port, f"GET /leader HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())).problem(431)


async def test_a_head_without_an_end_is_cut_off_at_8_kib(port: int) -> None:
    async with Connection(port) as one:
        one.send(b"GET /leader HTTP/1.1\r\n")
        for _ in range(20):
            one.send(b"X-More: " + b"y" * 500 + b"\r\n")
        (await one.response()).problem(431)
        assert await one.is_closed()


async def test_a_head_that_comes_byte_by_byte_is_answered(port: int) -> None:
    async with Connection(port) as one:
        for byte in request("/leader"):
            one.send(bytes([byte]))
            await one.writer.drain()
        assert (await one.response()).status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # a TLS hello
        b"hello\r\n\r\n",
        b"GET /leader\r\n\r\n",
        b"GET /leader HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /leader HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /leader HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET /leader HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        b"\x00" * 64 + b"\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_http_are_refused_and_the_connection_closed(port: int, garbage: bytes) -> None:
    async with Connection(port) as one:
        one.send(garbage)
        status, _ = await one.head()
        assert 400 <= status < 500
        assert await one.is_closed()
    assert (await ask(port, "/leader")).status == 200


async def test_requests_in_one_packet_are_answered_in_order(port: int, election: FakeElection) -> None:
    await election.lead()
    async with Connection(port) as one:
        one.send(request("/leader") + request("/leader/check") + request("/nothing"))
        assert [(await one.response()).status for _ in range(3)] == [200, 200, 404]


async def test_the_65th_connection_closes_the_longest_idle(port: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        held = [tasks.create_task(Connection(port).__aenter__()) for _ in range(64)]
    connections = [one.result() for one in held]
    try:
        for one in connections:
            assert (await one.ask("/leader")).status == 200
        assert (await connections[0].ask("/leader")).status == 200  # now the second is the longest idle
        assert (await ask(port, "/leader")).status == 200
        assert await connections[1].is_closed()
        for one in (connections[0], *connections[2:]):
            assert (await one.ask("/leader")).status == 200
    finally:
        for one in connections:
            one.writer.close()


async def test_an_idle_connection_goes_before_a_long_poll(port: int, election: FakeElection) -> None:
    async with Connection(port) as poll, Connection(port) as idle:
        poll.send(request("/leader?index=1&wait=60s"))
        while not election.waiting:
            await asyncio.sleep(0.001)
        assert (await idle.ask("/leader")).status == 200
        others = [await Connection(port).__aenter__() for _ in range(62)]
        try:
            for one in others:
                assert (await one.ask("/leader")).status == 200
            assert (await ask(port, "/leader")).status == 200
            assert await idle.is_closed()
            await election.lead()
            assert (await poll.response()).document["isLeader"]
        finally:
            for one in others:
                one.writer.close()


async def test_where_all_are_busy_the_one_that_has_waited_longest_goes(port: int, election: FakeElection) -> None:
    polls = [await Connection(port).__aenter__() for _ in range(64)]
    try:
        for one in polls:
            one.send(request("/leader?index=1&wait=60s"))
        while election.waiting < 64:
            await asyncio.sleep(0.001)
        assert (await ask(port, "/leader")).status == 200
        assert await polls[0].is_closed()
        await election.lead()
        assert [(await one.response()).status for one in polls[1:]] == [200] * 63
    finally:
        for one in polls:
            one.writer.close()


async def test_a_thousand_idle_connections_keep_nobody_from_an_answer(port: int) -> None:
    idle = []
    try:
        for _ in range(1000):
            idle.append(await asyncio.open_connection("127.0.0.1", port))
        async with asyncio.timeout(BOUND_S):
            assert (await ask(port, "/leader")).status == 200
    finally:
        for _, writer in idle:
            writer.close()


async def test_the_probe_port_grants_no_more_than_the_apps(probe_port: int) -> None:
    answer = await ask_raw(probe_port, b"GET /livez HTTP/1.1\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n")
    answer.problem(431)
    held = [await Connection(probe_port).__aenter__() for _ in range(64)]
    try:
        assert (await ask(probe_port, "/livez")).status == 200
        assert await held[0].is_closed()
    finally:
        for one in held:
            one.writer.close()


async def test_a_fault_of_ours_is_a_problem_document_and_a_line_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(FakeElection):
        def answer(self):  # type: ignore[no-untyped-def]
            raise RuntimeError("broken on purpose")

    with caplog.at_level(logging.ERROR):
        detail = (await ask((await serve(Broken())).port, "/leader")).problem(500)
    assert "broken on purpose" not in detail
    assert any("broken on purpose" in (record.exc_text or "") for record in caplog.records)


async def test_who_goes_away_frees_what_waited_for_it(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        one.send(request("/leader?index=1&wait=60s"))
        async with asyncio.timeout(BOUND_S):
            while election.waiting != 1:
                await asyncio.sleep(0.001)
    async with asyncio.timeout(BOUND_S):
        while election.waiting:
            await asyncio.sleep(0.001)
