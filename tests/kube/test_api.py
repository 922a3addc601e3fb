"""One election's connections: what waits on one does not hold up another."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest_asyncio

from kube.fake_api import FakeApi, Lines, hang, lease, lines, respond
from leader_sidecar.core.messages import Found, Kind, Unknown, Written
from leader_sidecar.kube.api import Api


@pytest_asyncio.fixture
async def election(api: FakeApi, log: Lines) -> AsyncIterator[Api]:
    """One election on the scripted server."""
    made = Api(api.endpoint(), "default", "payouts", pod_name="payouts-0", rng=random.Random(1), log=log)
    yield made
    await made.close()


async def test_hanging_reads_aside_events_and_watch_do_not_delay_a_renewal(api: FakeApi, election: Api) -> None:
    api.will(
        hang,
        hang,
        lines({"type": "ADDED", "object": lease()}, then=hang),
        respond(200, lease(8)),
        respond(200, lease(9)),
    )
    aside = asyncio.ensure_future(election.read_aside(0.3))
    await api.arrived(1)
    posting = asyncio.ensure_future(election.events.run())
    election.events.became_leader("i", 1, lease_uid="", wall_us=0)
    await api.arrived(2)
    shown = asyncio.Event()
    watching = asyncio.ensure_future(election.watch.run(lambda record, deleted: shown.set()))
    await shown.wait()
    for version in (8, 9):
        outcome = await election.leases.write(Kind.RENEW, lease(), 0.2)
        assert isinstance(outcome, Written)
        assert outcome.record.version == version
    assert isinstance(await aside, Unknown)
    assert api.connections == [1, 2, 3, 4, 4]
    for task in (posting, watching):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_reads_aside_keep_their_connection_for_the_next(api: FakeApi, election: Api) -> None:
    api.will(*[respond(200, lease(version)) for version in (1, 2, 3)])
    assert isinstance(await election.leases.read(2), Found)
    for _ in range(2):
        assert isinstance(await election.read_aside(2), Found)
    assert api.connections == [1, 2, 2]


async def test_events_leave_no_connection_behind(api: FakeApi, election: Api) -> None:
    api.will(respond(201), respond(201))
    posting = asyncio.ensure_future(election.events.run())
    for token in (1, 2):
        election.events.became_leader("i", token, lease_uid="", wall_us=token)
    assert await election.events.flush(2)
    assert api.connections == [1, 2]
    posting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await posting


async def test_closing_ends_what_is_under_way_as_unknown(api: FakeApi, election: Api) -> None:
    api.will(hang)
    read = asyncio.ensure_future(election.leases.read(60))
    await api.arrived(1)
    await election.close()
    assert isinstance(await asyncio.wait_for(read, 2), Unknown)
