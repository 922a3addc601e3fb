"""What kopf is used for, by kopf's own test kit: it tells what it saw, it writes nothing, and a 410 loses nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import kopf
import pytest
from kopf.testing import KopfRunner

from leader_sidecar.kube.endpoint import load_endpoint
from leader_sidecar.operator.resource import LEADS_LABEL, Key, key_of
from leader_sidecar.operator.watching import KopfThread, log_in, new_settings, watch_elections
from operators.cluster import Cluster, wait_for
from operators.conftest import NAME
from process.proxy import Harm, Proxy

pytestmark = [
    pytest.mark.apiserver,
    # KopfRunner closes its loop before the connections of its watches have closed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SOON_S = 30.0
NAMELESS = 65532
"""The user of the images, of whom /etc/passwd knows nothing."""


class Seen:
    """Remember what was shown: the newest generation or version of each object, None for a deleted one."""

    def __init__(self) -> None:
        self.elections: dict[Key, int | None] = {}
        self.leases: dict[Key, str | None] = {}
        self.pods: dict[Key, str | None] = {}

    def registry(self) -> kopf.OperatorRegistry:
        """Make a registry whose handlers tell this object."""
        made = kopf.OperatorRegistry()
        watch_elections(
            made,
            on_election=partial(self._take, self.elections, "generation"),
            on_lease=partial(self._take, self.leases, "resourceVersion"),
            on_pod=partial(self._take, self.pods, "uid"),
        )
        return made

    @staticmethod
    def _take(kind: dict[Key, Any], field: str, body: Mapping[str, Any], deleted: bool) -> None:
        kind[key_of(body)] = None if deleted else body["metadata"][field]


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """Put back what kopf's command line does to the log of the whole process, and collect what it leaves."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    gc.collect()


def running(seen: Seen, kubeconfig: Path) -> KopfRunner:
    registry = seen.registry()
    log_in(registry, load_endpoint(str(kubeconfig), {}))
    command = ["run", "--all-namespaces", "--standalone", "--debug"]
    return KopfRunner(command, registry=registry, settings=new_settings(), timeout=SOON_S)


def test_elections_leases_and_pods_that_lead_are_shown_and_nothing_is_written(
    cluster: Cluster, namespace: str, kubeconfig: Path
) -> None:
    cluster.make_election(namespace, NAME)
    cluster.make_lease(namespace, NAME)
    cluster.api.make_namespace("kube-node-lease")
    cluster.make_lease("kube-node-lease", namespace)
    cluster.make_pod(namespace, "payouts-0", labels={LEADS_LABEL: "true"})
    cluster.make_pod(namespace, "payouts-1")
    before = cluster.election(namespace, NAME), cluster.lease(namespace, NAME)
    seen = Seen()
    with running(seen, kubeconfig):
        wait_for(lambda: (namespace, "payouts-0") in seen.pods, SOON_S, "the pod is shown")
        wait_for(lambda: seen.elections.get((namespace, NAME)) == 1, SOON_S, "the election is shown")
        wait_for(lambda: (namespace, NAME) in seen.leases, SOON_S, "the Lease is shown")
        time.sleep(1.0)
    assert (cluster.election(namespace, NAME), cluster.lease(namespace, NAME)) == before
    assert ("kube-node-lease", namespace) not in seen.leases
    assert (namespace, "payouts-1") not in seen.pods


async def test_a_user_without_a_name_may_watch(
    cluster: Cluster, namespace: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: NAMELESS)
    cluster.make_election(namespace, NAME)
    seen = Seen()
    endpoint = load_endpoint(str(kubeconfig), {})
    watching = asyncio.create_task(KopfThread(seen.registry(), new_settings(), endpoint).run())
    async with asyncio.timeout(SOON_S):
        while (namespace, NAME) not in seen.elections and not watching.done():
            await asyncio.sleep(0.05)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def test_what_happened_before_a_410_is_shown_after_it(
    cluster: Cluster, namespace: str, kubeconfig: Path, tmp_path: Path
) -> None:
    cluster.make_election(namespace, NAME)
    seen = Seen()
    with Proxy(kubeconfig) as proxy, running(seen, proxy.kubeconfig(tmp_path / "proxied")) as runner:
        wait_for(lambda: seen.elections.get((namespace, NAME)) == 1, SOON_S, "the election is shown")
        with proxy.doing(Harm(loses_request=True)):
            cluster.edit_election(namespace, NAME, serviceAccounts=["app"])
            # Its cache of what happened goes with the server, etcd's with the compaction.
            cluster.api.server.kill()
            cluster.api.server.start()
            cluster.api.wait_ready()
            cluster.make_lease(namespace, NAME)
            lease = cluster.lease(namespace, NAME)
            assert lease is not None
            cluster.api.compact(int(lease["metadata"]["resourceVersion"]))
        wait_for(lambda: seen.elections[namespace, NAME] == 2, SOON_S, "the edited election is shown")
        wait_for(lambda: seen.leases.get((namespace, NAME)), SOON_S, "the Lease is shown")
    assert "Restarting the watch-stream" in runner.output
