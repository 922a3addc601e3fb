"""The serving of a process, from start to stop."""

from __future__ import annotations

import asyncio
import socket

import pytest

from leader_sidecar.runtime.names import ListenAddress
from leader_sidecar.serving.listen import ListenError
from leader_sidecar.serving.server import Serving
from serving.client import Connection, ask, request
from serving.conftest import Serve
from serving.election import FakeElection


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_app_is_served_on_both_loopbacks(port: int, host: str) -> None:
    assert (await ask(port, "/leader", host=host)).status == 200


async def test_nothing_is_served_where_one_port_is_taken(election: FakeElection) -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        probe = ListenAddress("127.0.0.1", taken.getsockname()[1])
        serving = Serving([election], ListenAddress("127.0.0.1", port), probe, ready_when_leader=False, version="1")
        with pytest.raises(ListenError, match="--probe-listen"):
            await serving.start()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_after_the_stop_nobody_is_answered(serve: Serve) -> None:
    served = await serve()
    async with Connection(served.port) as one:
        assert (await one.ask("/leader")).status == 200
        await served.serving.stop(1.0)
        assert await one.is_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", served.port)


async def test_a_stop_is_not_held_up_by_streams_and_half_sent_requests(serve: Serve) -> None:
    served = await serve()
    async with Connection(served.port) as stream, Connection(served.port) as half:
        stream.send(request("/leader/events"))
        assert (await stream.head())[0] == 200
        half.send(b"GET /leader HTTP/1.1\r\n")
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await served.serving.stop(2.0)
        assert loop.time() - began_s < 3.0
        assert await stream.is_closed()
        assert await half.is_closed()
