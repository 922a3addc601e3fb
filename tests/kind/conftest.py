"""The cluster of the session, and the release that most tests ask."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.kind import KindCluster, KindError
from kind.release import LEASE_S, Release
from leader_sidecar import __version__

FOLDER = Path(__file__).parents[2] / "build" / "kind"
IMAGES = [
    f"ghcr.io/leader-sidecar/{name}:{__version__}"
    for name in ("leader-sidecar", "leader-sidecar-operator", "housekeeping-demo")
]


LEDGER_ELSEWHERE = (
    r"ledger.nodeSelector.node-role\.kubernetes\.io/control-plane=",
    "ledger.tolerations[0].key=node-role.kubernetes.io/control-plane",
    "ledger.tolerations[0].operator=Exists",
)
"""On a node that no test freezes."""


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[KindCluster]:
    """Give a cluster of three nodes with the images of this version.

    KEEP=1 leaves it there; CLUSTER=name takes one that was left.
    """
    kept = os.environ.get("CLUSTER")
    one = KindCluster(kept or f"leader-sidecar-{os.getpid()}", FOLDER)
    if kept:
        yield one
        return
    # Whoever ends the run early, as a limit on its time does, leaves no cluster behind either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            one.create(IMAGES)
        except KindError as error:
            keep_logs(one)
            pytest.exit(str(error), returncode=1)
        yield one
        if request.session.testsfailed:
            keep_logs(one)
    finally:
        if os.environ.get("KEEP") == "1":
            print(f"\nthe cluster stays: CLUSTER={one.name} KUBECONFIG={one.kubeconfig}", file=sys.stderr)
        else:
            one.delete()


def keep_logs(cluster: KindCluster) -> None:
    """Write down what is known of the cluster, and say where."""
    print(f"\nthe cluster's logs, and a summary of it: {cluster.export_logs()}", file=sys.stderr)


@pytest.fixture(scope="session")
def release(cluster: KindCluster) -> Release:
    """Give the chart with its defaults, and a leader."""
    one = Release(cluster, "payouts")
    one.install(*LEDGER_ELSEWHERE)
    with one.watching() as watching:
        watching.leader(LEASE_S + 10.0)
    return one
