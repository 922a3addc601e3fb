"""The whole client against servers not written for its tests: the development server and a real kube-apiserver."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from cluster.apiserver import ApiServer
from cluster.connections import until_closed
from kube.fake_api import BOUND_S, Lines
from leader_sidecar.core.messages import Absent, Conflict, Found, Kind, Rejected, Written
from leader_sidecar.core.record import Record
from leader_sidecar.core.wire import claim_body, create_body, micro_time, renew_body
from leader_sidecar.devserver.server import DevServer, start
from leader_sidecar.kube.api import Api
from leader_sidecar.kube.endpoint import Endpoint, load_endpoint

WALL_US = 1_800_000_000_123_456


@dataclass
class Server:
    """Where the server is, with what it lets two people do."""

    candidate: Endpoint
    stranger: Endpoint | None


@pytest.fixture(scope="module")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real one; the candidate may do what a candidate needs, the stranger nothing."""
    folder = tmp_path_factory.mktemp("kubeconfigs")
    with ApiServer() as api:
        api.make_namespace("demo")
        for name in ("candidate", "stranger"):
            api.make_service_account("demo", name)
        api.grant("demo", "candidate", ["get", "update", "watch", "create"])
        api.grant("demo", "candidate", ["create"], resource="events", group="events.k8s.io")
        candidate, stranger = (
            load_endpoint(str(api.kubeconfig_with_token(folder / name, "demo", name)), {})
            for name in ("candidate", "stranger")
        )
        yield Server(candidate, stranger)


@pytest_asyncio.fixture
async def devserver(tmp_path: Path) -> AsyncIterator[Server]:
    """The development server, which lets everybody do everything."""
    server: DevServer
    async with await start() as server:
        server.write_kubeconfig(tmp_path / "config", namespace="demo")
        yield Server(load_endpoint(str(tmp_path / "config"), {}), None)


@pytest.fixture(
    params=[
        pytest.param("devserver", marks=pytest.mark.devserver),
        pytest.param("apiserver", marks=pytest.mark.apiserver),
    ]
)
def server(request: pytest.FixtureRequest) -> Server:
    """Each of them."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture
async def election(server: Server, log: Lines, request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """An election whose Lease does not exist yet."""
    name = request.node.originalname.replace("_", "-")
    made = Api(server.candidate, "demo", name, pod_name="payouts-0", rng=random.Random(1), log=log)
    yield made
    await made.close()
    await until_closed()


async def create(election: Api, name: str) -> Record:
    outcome = await election.leases.write(Kind.CREATE, create_body("demo", name), BOUND_S)
    assert isinstance(outcome, Written), outcome
    return outcome.record


@contextlib.asynccontextmanager
async def running(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_lease_is_absent_then_made_claimed_and_renewed(election: Api) -> None:
    name = "test-lease-is-absent-then-made-claimed-and-renewed"
    assert isinstance(await election.leases.read(BOUND_S), Absent)
    made = await create(election, name)
    assert isinstance(await election.leases.write(Kind.CREATE, create_body("demo", name), BOUND_S), Conflict)
    body = claim_body(made, "payouts-0_u_n", 15, micro_time(WALL_US))
    claimed = await election.leases.write(Kind.CLAIM, body, BOUND_S)
    assert isinstance(claimed, Written)
    assert isinstance(await election.leases.write(Kind.CLAIM, body, BOUND_S), Conflict)
    renewal = renew_body(claimed.record, 15, micro_time(WALL_US + 1), 41)
    renewed = await election.leases.write(Kind.RENEW, renewal, BOUND_S)
    assert isinstance(renewed, Written)
    found = await election.leases.read(BOUND_S)
    assert isinstance(found, Found)
    assert found.record == renewed.record
    assert (found.record.holder, found.record.token) == ("payouts-0_u_n", 41)
    assert made.version < claimed.record.version < renewed.record.version


async def test_invalid_write_is_rejected_in_the_servers_words(election: Api) -> None:
    made = await create(election, "test-invalid-write-is-rejected-in-the-servers-words")
    outcome = await election.leases.write(Kind.CLAIM, claim_body(made, "x", 0, micro_time(WALL_US)), BOUND_S)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 422
    assert "spec.leaseDurationSeconds" in outcome.message


async def test_watch_shows_the_lease_as_it_is_and_then_each_write(election: Api) -> None:
    record = await create(election, "test-watch-shows-the-lease-as-it-is-and-then-each-write")
    shown: asyncio.Queue[tuple[int, bool]] = asyncio.Queue()
    async with (
        asyncio.timeout(BOUND_S),
        running(election.watch.run(lambda seen, deleted: shown.put_nowait((seen.version, deleted)))),
    ):
        assert await shown.get() == (record.version, False)
        for step in range(3):
            body = claim_body(record, "payouts-0_u_n", 15, micro_time(WALL_US + step))
            outcome = await election.leases.write(Kind.CLAIM, body, BOUND_S)
            assert isinstance(outcome, Written)
            record = outcome.record
            assert await shown.get() == (record.version, False)


async def test_events_are_taken(election: Api, log: Lines) -> None:
    record = await create(election, "test-events-are-taken")
    async with running(election.events.run()):
        election.events.became_leader("payouts-0_u_n", 41, lease_uid=record.uid, wall_us=WALL_US)
        election.events.stopped_leading("payouts-0_u_n", 41, "resigned", lease_uid=record.uid, wall_us=WALL_US + 1)
        assert await election.events.flush(BOUND_S)
    assert log.kept == []


@pytest.mark.apiserver
async def test_stranger_is_told_which_verb_on_what(apiserver: Server, log: Lines) -> None:
    assert apiserver.stranger is not None
    election = Api(apiserver.stranger, "demo", "payouts", pod_name="p", rng=random.Random(1), log=log)
    outcome = await election.leases.read(BOUND_S)
    async with running(election.events.run()):
        election.events.became_leader("i", 1, lease_uid="", wall_us=WALL_US)
        assert await election.events.flush(BOUND_S)
    await election.close()
    await until_closed()
    assert isinstance(outcome, Rejected)
    assert outcome.message == (
        '403 for get leases.coordination.k8s.io "payouts" in namespace "demo" as system:serviceaccount:demo:stranger: '
        "allow the verb get in its Role (leader-sidecar doctor prints the command)"
    )
    assert log.events == ["events_off"]
