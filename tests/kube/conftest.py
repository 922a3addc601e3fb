"""The scripted server, and connections to it that are closed after each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from kube.authority import Certificates, make_certificates
from kube.fake_api import FakeApi, Lines
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.transport import Lane


@pytest_asyncio.fixture
async def api() -> AsyncIterator[FakeApi]:
    """A scripted server; the test fails where a request came that is not in the script, or did not come that is."""
    fake = FakeApi()
    await fake.start()
    yield fake
    await fake.stop()
    assert fake.unexpected == []
    assert list(fake.answers) == [], "the script was not played to its end"


@pytest_asyncio.fixture
async def new_lane() -> AsyncIterator[Callable[..., Lane]]:
    """Make lanes that are closed in the end."""
    lanes: list[Lane] = []

    def make(endpoint: Endpoint, **options: float) -> Lane:
        lanes.append(Lane(endpoint, **options))
        return lanes[-1]

    yield make
    for lane in lanes:
        await lane.close()


@pytest_asyncio.fixture
async def lane(api: FakeApi, new_lane: Callable[..., Lane]) -> Lane:
    """One connection to the scripted server."""
    return new_lane(api.endpoint())


@pytest.fixture
def log() -> Lines:
    """A log that keeps its lines."""
    return Lines()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Two authorities, a server and a client."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))
