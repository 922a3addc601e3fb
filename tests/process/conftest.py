"""The server and the sidecars of each process test."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from contract.servers import chosen_server
from process.proxy import Proxy
from process.servers import DevServerProcess, RealServer, Server
from process.sidecars import Group, SidecarProcess

ELECTION = "payouts"
OTHER_ELECTION = "reports"


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Give the chosen API server."""
    if chosen_server(request.config) == "apiserver":
        real: ApiServer = request.getfixturevalue("apiserver")
        yield RealServer(real)
        return
    development = DevServerProcess(tmp_path)
    yield development
    development.process.kill()


@pytest.fixture
def namespace() -> str:
    """Give a namespace of its own."""
    return f"process-{secrets.token_hex(4)}"


Start = Callable[..., SidecarProcess]


@pytest.fixture
def kubeconfig(server: Server, namespace: str, tmp_path: Path) -> Path:
    """Make the elections, and give the file with which a sidecar stands in them."""
    return server.kubeconfig(tmp_path, namespace, [ELECTION, OTHER_ELECTION])


@pytest.fixture
def start(kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Start]:
    """Give an action that starts a sidecar on the server's election."""
    started: list[SidecarProcess] = []

    def one(pod_name: str, elections: Sequence[str] = (), *, by: Path = kubeconfig, **more: Any) -> SidecarProcess:
        wanted = elections or [f"{namespace}/{ELECTION}"]
        sidecar = SidecarProcess(tmp_path, by, wanted, pod_name, **more)
        started.append(sidecar)
        return sidecar.start()

    yield one
    for sidecar in started:
        sidecar.process.kill()


@pytest.fixture
def group(start: Start) -> Group:
    """Give three sidecars that stand in one election."""
    return Group([start(f"payouts-{number}") for number in range(3)])


@pytest.fixture
def proxies(kubeconfig: Path) -> Iterator[list[Proxy]]:
    """Give three proxies in front of the API server."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Proxy(kubeconfig)) for _ in range(3)]


@pytest.fixture
def proxied(proxies: list[Proxy], start: Start, tmp_path: Path) -> Group:
    """Give three sidecars of one election, each behind the proxy of its place in the list."""
    return Group(
        [
            start(f"payouts-{number}", by=proxy.kubeconfig(tmp_path / f"proxy-{number}.kubeconfig"))
            for number, proxy in enumerate(proxies)
        ]
    )
