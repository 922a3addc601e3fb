"""The pytest fixture of a real API server, which `tests/conftest.py` makes known to all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.apiserver import ApiServer
from cluster.programs import find_programs


@pytest.fixture(scope="session")
def apiserver() -> Iterator[ApiServer]:
    """Lend one API server to all tests of the session; a test that disturbs it leaves it ready again.

    Nothing is built here: building takes longer than a test may. The error says how to build.
    """
    with ApiServer(find_programs(build=False)) as server:
        yield server
