"""Elections that a test leads by hand, served on free ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from leader_sidecar.runtime.names import ListenAddress
from leader_sidecar.serving.server import Serving
from serving.election import FakeElection


@dataclass(frozen=True)
class Served:
    """What is served, and where."""

    serving: Serving
    port: int
    probe_port: int


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
async def election() -> FakeElection:
    """Give an election in which nobody leads yet."""
    return FakeElection()


@pytest.fixture
async def serve(election: FakeElection) -> AsyncIterator[Serve]:
    """Give an action that serves `election`, or others."""
    started: list[Serving] = []

    async def one(*views: FakeElection, ready_when_leader: bool = False) -> Served:
        serving = Serving(
            views or [election],
            ListenAddress("localhost", 0),
            ListenAddress("127.0.0.1", 0),
            ready_when_leader=ready_when_leader,
            version="1.2.3",
        )
        started.append(serving)
        return Served(serving, *await serving.start())

    yield one
    async with asyncio.timeout(10.0):
        for serving in started:
            await serving.stop(0.1)


@pytest.fixture
async def port(serve: Serve) -> int:
    """Give the app's port, where `election` is served."""
    return (await serve()).port


@pytest.fixture
async def probe_port(serve: Serve) -> int:
    """Give the probe port, where `election` is served."""
    return (await serve()).probe_port
