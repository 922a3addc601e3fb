"""The stream of changes: server-sent events."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from leader_sidecar.serving import events
from serving.client import BOUND_S, Connection, ask, request
from serving.conftest import Serve
from serving.election import FakeElection
from serving.test_leader import until


def parse(event: str) -> tuple[str, int, Any]:
    """Read one event: its name, id and document."""
    lines = event.split("\n")
    assert [line.partition(": ")[0] for line in lines] == ["event", "id", "data", "", ""]
    kind, number, data = (line.partition(": ")[2] for line in lines[:3])
    return kind, int(number), json.loads(data)


async def opened(one: Connection) -> None:
    one.send(request("/leader/events"))
    status, headers = await one.head()
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"


async def test_the_first_event_comes_at_once_and_each_change_after_it(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        await opened(one)
        kind, number, told = parse(await one.chunk())
        assert (kind, number, told["isLeader"]) == ("follower", 1, False)
        assert told["validUntilBoottimeSeconds"] == 0
        await election.lead(token=418, valid_for_s=8.214)
        kind, number, told = parse(await one.chunk())
        assert (kind, number, told["token"], told["index"]) == ("leader", 2, 418, 2)
        assert told["validUntilBoottimeSeconds"] == 1008.214
        await election.follow()
        assert parse(await one.chunk())[:2] == ("follower", 3)


async def test_a_change_before_the_next_wait_is_not_lost(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        await opened(one)
        await one.chunk()
        await election.lead()
        await election.follow()
        # Both may be told, or the newer alone; the newest is.
        while parse(event := await one.chunk())[1] < 3:
            pass
        assert parse(event)[0] == "follower"


async def test_a_quiet_stream_carries_comments(
    port: int, election: FakeElection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert events.COMMENT_S == 10.0
    monkeypatch.setattr(events, "COMMENT_S", 0.05)
    async with Connection(port) as one:
        await opened(one)
        await one.chunk()
        for _ in range(2):
            comment = await one.chunk()
            assert comment.startswith(":")
            assert comment.endswith("\n\n")


async def test_the_stream_ends_with_the_serving(serve: Serve) -> None:
    served = await serve()
    async with Connection(served.port) as one:
        await opened(one)
        await one.chunk()
        await served.serving.stop(BOUND_S)
        assert await one.chunk() == ""
        assert await one.is_closed()


async def test_head_opens_no_stream(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        answer = await one.ask("/leader/events", "HEAD")
        assert answer.headers["content-type"].startswith("text/event-stream")
    assert election.waiting == 0


async def test_parameters_are_refused(port: int) -> None:
    assert "wait" in (await ask(port, "/leader/events?wait=3s")).problem(400)


async def test_each_election_has_a_stream_of_its_own(serve: Serve) -> None:
    first, second = FakeElection("default/payouts"), FakeElection("default/reports")
    port = (await serve(first, second)).port
    async with Connection(port) as one:
        one.send(request("/elections/reports/leader/events"))
        await one.head()
        await one.chunk()
        await second.lead(token=7)
        assert parse(await one.chunk())[2]["election"] == "default/reports"


async def test_a_reader_that_leaves_frees_what_it_waited_for(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        await opened(one)
        await until(lambda: election.waiting == 1)
    await until(lambda: election.waiting == 0)


async def test_a_reader_that_takes_nothing_is_cut_off_without_a_word_in_the_log(
    port: int, election: FakeElection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert events.SEND_S == 10.0
    monkeypatch.setattr(events, "SEND_S", 0.1)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    with reader:
        await loop.sock_connect(reader, ("127.0.0.1", port))
        await loop.sock_sendall(reader, request("/leader/events"))
        async with asyncio.timeout(30.0):
            ended = False
            while not ended:
                # Each change is as large as the buffers are, so that some of it stays in the process.
                await election.tell(self_name="x" * 4_000_000)
                await asyncio.sleep(0.01)
                ended = election.waiting == 0 and len(asyncio.all_tasks()) == 1
    assert caplog.records == []
