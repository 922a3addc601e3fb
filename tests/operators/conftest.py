"""The cluster of each test, and operators in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from operators.cluster import ACCOUNT, OPERATORS, Cluster
from operators.process import OperatorProcess

NAME = "payouts"
START_S = 60.0


@pytest.fixture(scope="session")
def cluster(apiserver: ApiServer) -> Cluster:
    """Give a cluster that knows LeaderElections."""
    made = Cluster(apiserver)
    made.install()
    return made


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """Give a namespace of its own."""
    return cluster.new_namespace()


@pytest.fixture
def kubeconfig(cluster: Cluster, tmp_path: Path) -> Path:
    """Give the file with which an operator asks: it may do what the chart grants, and no more."""
    return cluster.api.kubeconfig_with_token(tmp_path / "operator.kubeconfig", OPERATORS, ACCOUNT)


Start = Callable[..., OperatorProcess]


@pytest.fixture
def start(cluster: Cluster, kubeconfig: Path, tmp_path: Path) -> Iterator[Start]:
    """Give an action that starts an operator; all of a test are replicas of one another."""
    election = f"operators-{secrets.token_hex(4)}"
    cluster.new_operators(election)
    started: list[OperatorProcess] = []

    def one(pod_name: str = "operator-0", **more: Any) -> OperatorProcess:
        started.append(OperatorProcess(tmp_path, kubeconfig, election, pod_name, **more))
        return started[-1].start()

    yield one
    for operator in started:
        operator.process.kill()
