"""The cluster of the session, the stages on it, and the order in which they play.

First the scenarios of `BESIDE` begin, some at once, each in a namespace of its own; meanwhile run those tests of the
chart and the operator that measure no time. What measures hand-overs, or takes the whole processor or cluster, comes
after, alone.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.kind import KindCluster, KindError
from kind.beside import BESIDE
from kind.disasters import expiring_token, restored
from kind.page import REPORT, write
from kind.release import LEASE_S, Release
from kind.stage import Stage
from leader_sidecar import __version__

FOLDER = Path(__file__).parents[2] / "build" / "kind"
IMAGES = [
    f"ghcr.io/leader-sidecar/{name}:{__version__}"
    for name in ("leader-sidecar", "leader-sidecar-operator", "housekeeping-demo")
]

AT_ONCE = 3
"""Scenarios on two processors: with all nine at once the load was 47, and seconds could not be told from faults."""

ORDER = (
    "test_runbook",
    "test_access",
    "test_job",
    "test_operator",
    "test_disasters",
    "test_handover",
    "test_crowd",
    "test_many_elections",
    "test_api_server",
    "test_resources",
    "test_credentials",
    "test_restore",
    "test_page",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    here.sort(key=lambda item: ORDER.index(item.path.stem))
    items[:] = here


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[KindCluster]:
    """Give a cluster of four nodes with the images of this version.

    KEEP=1 leaves it there; CLUSTER=name takes one that was left.
    """
    # Every try while an API server is away is a line of urllib3's otherwise.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    kept = os.environ.get("CLUSTER")
    one = KindCluster(kept or f"leader-sidecar-{os.getpid()}", FOLDER)
    if kept:
        one.empty()
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
def stages() -> Iterator[list[Stage]]:
    """Collect every stage that is played on, and write the report of them, whatever came."""
    played: list[Stage] = []
    yield played
    write(REPORT, played)
    print(f"\nwho led when, and what was refused: {REPORT}", file=sys.stderr)


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Begin, before the first test, what runs beside the others and is asked for by any of them."""
    names = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    for name in ("expiring", "beside", "restorable"):
        if name in names:
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def expiring(cluster: KindCluster, stages: list[Stage]) -> tuple[Stage, expiring_token.Begun]:
    """Give a release whose first tokens expire while everything else is tested."""
    stage = Stage(cluster, "expiring", "The service account's token expires", stages)
    return stage, expiring_token.begin(stage)


@pytest.fixture(scope="session")
def restorable(cluster: KindCluster, stages: list[Stage]) -> Iterator[Future[tuple[Stage, Stage]]]:
    """Install, beside everything else, the two releases under which etcd is restored in the end."""
    stage = Stage(cluster, "restored", "etcd is restored from a snapshot", stages)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(restored.install, stage)


@pytest.fixture(scope="session")
def saved(restorable: Future[tuple[Stage, Stage]]) -> restored.Saved:
    """Give them, and a snapshot of etcd that is to be restored when it is old."""
    return restored.save(restorable.result())


@pytest.fixture(scope="session")
def beside(
    request: pytest.FixtureRequest, cluster: KindCluster, stages: list[Stage]
) -> Iterator[Mapping[str, Future[Stage]]]:
    """Play those scenarios that a test asks for, `AT_ONCE` at a time."""
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}

    def play(name: str) -> Stage:
        scene, title = BESIDE[name]
        stage = Stage(cluster, name, title, stages)
        scene(stage)
        stage.leave()
        return stage

    pool = ThreadPoolExecutor(AT_ONCE)
    yield {name: pool.submit(play, name) for name in BESIDE if name in asked}
    # They have ended, unless the run is ended early: then the cluster goes, and they fail.
    pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture(scope="session")
def payouts(cluster: KindCluster, stages: list[Stage]) -> Stage:
    """Give the chart with its defaults, and a leader."""
    stage = Stage(cluster, "payouts", "Deleted, killed, rolled, and the API server away", stages, interval_s=0.05)
    stage.install()
    with stage.watched() as watching:
        watching.leader(LEASE_S + 10.0)
    return stage


@pytest.fixture(scope="session")
def release(payouts: Stage) -> Release:
    """Give the release that most tests ask."""
    return payouts.release
