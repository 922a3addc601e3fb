"""The cluster of the session, and the release that most tests ask."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.kind import KindCluster, KindError
from kind.release import LEASE_S, Release
from leader_sidecar import __version__

FOLDER = Path(__file__).parents[2] / "build" / "kind"
IMAGES = [f"ghcr.io/leader-sidecar/{name}:{__version__}" for name in ("leader-sidecar", "housekeeping-demo")]


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
    try:
        one.create(IMAGES)
        yield one
        if request.session.testsfailed:
            logs = one.export_logs()
            print(f"\nthe cluster's logs, and a summary of it: {logs}", file=sys.stderr)
    except KindError as error:
        pytest.exit(str(error), returncode=1)
    finally:
        if os.environ.get("KEEP") == "1":
            print(f"\nthe cluster stays: CLUSTER={one.name} KUBECONFIG={one.kubeconfig}", file=sys.stderr)
        else:
            one.delete()


@pytest.fixture(scope="session")
def release(cluster: KindCluster) -> Release:
    """Give the chart with its defaults, and a leader."""
    one = Release(cluster, "payouts")
    one.install()
    with one.watching() as watching:
        watching.leader(LEASE_S + 10.0)
    return one
