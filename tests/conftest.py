"""Which API server the tests ask, and which tests there are for it.

    pytest                       everything that needs no real kube-apiserver
    pytest --server=apiserver    on a real one: the suites that run on both servers, and the tests marked `apiserver`
    pytest --server=kind         tests/kind, on a whole cluster

A test marked for one server is left out of runs on the other. A test without a mark is run on both when it belongs to a
suite that can (`ON_BOTH`), else only on the development server's side: it asks no API server, or starts its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.fixtures import apiserver  # noqa: F401
from contract.servers import SERVERS, add_server_option, chosen_server

_HERE = Path(__file__).parent
ON_BOTH = ("contract", "process")


def pytest_addoption(parser: pytest.Parser) -> None:
    add_server_option(parser)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    # They import a client that no other test needs.
    return True if collection_path == _HERE / "kind" and chosen_server(config) != "kind" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = chosen_server(config)
    left_out = [item for item in items if chosen not in _servers_of(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if chosen in _servers_of(item)]


def _servers_of(item: pytest.Item) -> tuple[str, ...]:
    marked = tuple(server for server in SERVERS if item.get_closest_marker(server))
    if marked:
        return marked
    folder = item.path.relative_to(_HERE).parts[0]
    if folder == "kind":
        return ("kind",)
    return ("devserver", "apiserver") if folder in ON_BOTH else ("devserver",)
