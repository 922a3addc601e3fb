"""The command `leader-sidecar devserver`, as a process: what it says, how it ends, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

import leader_sidecar
from contract.api import Api, version_of

pytestmark = pytest.mark.devserver

WAIT_S = 20.0


@asynccontextmanager
async def devserver(*flags: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    source = str(Path(leader_sidecar.__file__).parent.parent)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "leader_sidecar", "devserver", *flags),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        return (await process.stdout.readline()).decode()


async def refusal(*flags: str) -> tuple[int | None, str]:
    """Return the exit code and what was written to standard error; nothing else may be written."""
    async with devserver(*flags) as process, asyncio.timeout(WAIT_S):
        out, error = await process.communicate()
        assert out == b""
        return process.returncode, error.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_how_to_use_it_and_ends_cleanly(
    number: signal.Signals, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    file = tmp_path / "kubeconfig"
    async with devserver("--listen", "127.0.0.1:0", "--kubeconfig", str(file)) as process:
        line = await first_line(process)
        url = json.loads(file.read_text())["clusters"][0]["cluster"]["server"]
        assert line == f"leader-sidecar devserver: {url}   export KUBECONFIG={file}\n"
        api = Api(session, url, "default")
        lease = await api.created(holderIdentity="a")
        async with api.watch(resourceVersion=version_of(lease)) as watch:
            process.send_signal(number)
            async with asyncio.timeout(WAIT_S):
                assert await watch.rest() == []
                out, error = await process.communicate()
        assert (process.returncode, out, error) == (0, b"", b"")


async def test_its_token_can_come_from_the_environment(session: aiohttp.ClientSession) -> None:
    async with devserver("--first-version", "500", LEADER_SIDECAR_DEVSERVER_TOKEN="right") as process:
        found = re.search(r"http://\S+", await first_line(process))
        assert found is not None
        assert (await Api(session, found[0], "default").get("a")).status == 401
        api = Api(session, found[0], "default", headers={"Authorization": "Bearer right"})
        assert version_of(await api.created()) == 500


async def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, error = await refusal("--listen", listen)
    assert code == 2
    hint = "address already in use: give another address, or port 0 for a free one"
    assert error == f"leader-sidecar devserver: --listen {listen}: {hint}\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--listen", "8001"], "--listen '8001' is no address to listen on: write HOST:PORT, such as 127.0.0.1:8001"),
        (["--kubeconfig", "/nowhere/file"], "--kubeconfig /nowhere/file: no such file or directory"),
        (["--first-version", "0"], "--first-version 0: give a number from 1 to 2^53 - 1"),
    ],
)
async def test_wrong_usage_is_told_in_one_line(flags: list[str], told: str) -> None:
    assert await refusal(*flags) == (2, f"leader-sidecar devserver: {told}\n")
