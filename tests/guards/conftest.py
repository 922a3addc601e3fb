"""The stores of the contract suite: each server is started once, on the first test that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from guards.servers import SERVERS, Server
from guards.store import Store
from guards.stores import STORES, Lend, started


@pytest.fixture(scope="session")
def lend() -> Iterator[Lend]:
    """Lend running servers by kind."""
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def of(kind: str) -> Server:
            if kind not in running:
                running[kind] = stack.enter_context(SERVERS[kind]())
            return running[kind]

        yield of


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, lend: Lend) -> Iterator[Store]:
    """Lend one guarded store to all its tests."""
    with started(request.param, tmp_path_factory.mktemp("store"), lend) as one:
        yield one
