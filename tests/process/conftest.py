"""The server and the sidecars of each process test."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from contract.servers import chosen_server
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
def start(server: Server, namespace: str, tmp_path: Path) -> Iterator[Start]:
    """Give an action that starts a sidecar on the server's election."""
    kubeconfig = server.kubeconfig(tmp_path, namespace, [ELECTION, OTHER_ELECTION])
    started: list[SidecarProcess] = []

    def one(pod_name: str, elections: Sequence[str] = (), **more: Any) -> SidecarProcess:
        wanted = elections or [f"{namespace}/{ELECTION}"]
        sidecar = SidecarProcess(tmp_path, kubeconfig, wanted, pod_name, **more)
        started.append(sidecar)
        return sidecar.start()

    yield one
    for sidecar in started:
        sidecar.process.kill()


@pytest.fixture
def group(start: Start) -> Group:
    """Give three sidecars that stand in one election."""
    return Group([start(f"payouts-{number}") for number in range(3)])
