"""What importing costs an application: nothing of the sidecar's process, no driver, no aiohttp."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_DRIVERS = ("psycopg", "asyncpg", "pymysql", "redis", "aiohttp")
_LIST = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded(module: str) -> set[str]:
    program = f"import {module}; {_LIST}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "module",
    ["fencing", *(f"fencing.{name}" for name in ("aio", "asgi", "file", "http", "mysql", "postgresql", "redis"))],
)
def test_nothing_is_loaded_but_the_standard_library_and_fencing(module: str) -> None:
    modules = loaded(f"leader_sidecar.{module}")
    ours = {name for name in modules if name.startswith("leader_sidecar.")}
    assert {name.split(".")[1] for name in ours} == {"fencing"}
    assert not modules & set(_DRIVERS)


def test_the_guard_of_aiohttp_loads_aiohttp_and_nothing_of_the_sidecar() -> None:
    modules = loaded("leader_sidecar.fencing.aiohttp")
    assert "aiohttp" in modules
    assert {name.split(".")[1] for name in modules if name.startswith("leader_sidecar.")} == {"fencing"}


def test_a_program_without_asyncio_is_spared_asyncio() -> None:
    assert "asyncio" not in loaded("leader_sidecar.fencing")
