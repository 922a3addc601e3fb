"""Which server the contract suite asks, and the namespace and client of each test."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest

from cluster.apiserver import ApiServer
from cluster.connections import until_closed
from contract.api import Api
from contract.servers import chosen_server
from leader_sidecar.devserver.server import DevServer, start
from leader_sidecar.devserver.store import Store

# Far more than a test of the suite changes, and few enough to be outrun on purpose.
HISTORY_LIMIT = 500


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    # aiohttp sends some requests again by itself; a contract is about one request and its answer.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session
    await until_closed()


@pytest.fixture
async def devserver() -> AsyncIterator[DevServer]:
    async with await start(store=Store(history_limit=HISTORY_LIMIT)) as server:
        yield server


@pytest.fixture
def api(request: pytest.FixtureRequest, session: aiohttp.ClientSession) -> Api:
    """Give a client that may do everything, in a new namespace of the chosen server."""
    namespace = f"contract-{secrets.token_hex(4)}"
    if chosen_server(request.config) == "devserver":
        server: DevServer = request.getfixturevalue("devserver")
        return Api(session, server.url, namespace)
    real: ApiServer = request.getfixturevalue("apiserver")
    real.make_namespace(namespace)
    return Api(session, real.url, namespace, tls=real.admin.tls)


@pytest.fixture
async def guarded_devserver() -> AsyncIterator[DevServer]:
    async with await start(token="right") as server:
        yield server


@pytest.fixture
def guarded(request: pytest.FixtureRequest, api: Api) -> Api:
    """Give a client whose right to anything is a bearer token."""
    if chosen_server(request.config) == "devserver":
        server: DevServer = request.getfixturevalue("guarded_devserver")
        return replace(api, url=server.url, headers={"Authorization": f"Bearer {server.token}"})
    real: ApiServer = request.getfixturevalue("apiserver")
    real.make_service_account(api.namespace, "guarded")
    real.grant(api.namespace, "guarded", ["*"])
    token = real.token(api.namespace, "guarded")
    return replace(api, tls=real.client_tls(), headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def forget_history(request: pytest.FixtureRequest, api: Api) -> Callable[[], Awaitable[None]]:
    """Give an action after which watches can no longer begin at a version from before it."""

    async def outrun() -> None:
        lease = await api.created()
        for number in range(HISTORY_LIMIT + 1):
            lease = await api.written(lease, leaseTransitions=number)

    async def restart() -> None:
        # A real server keeps what it has seen in memory, so that compaction shows only after a restart.
        real: ApiServer = request.getfixturevalue("apiserver")
        # Something must have happened since, or nothing would be missing.
        await api.created()
        real.compact((await api.request("GET", api.path())).version)
        real.server.kill()
        real.server.start()
        real.wait_ready()

    return outrun if chosen_server(request.config) == "devserver" else restart
