"""Looks that nothing asked for, and of two at once: what a watch missed is seen, nobody undoes the other's work."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from leader_sidecar.operator.entry import AGAIN_S, Entry
from leader_sidecar.operator.resource import lease_path, read_resource
from leader_sidecar.runtime.clock import Clock
from operators.cluster import Cluster
from operators.conftest import NAME
from operators.desk import MortalRequests, Writes, settle

pytestmark = pytest.mark.apiserver


class LateClock(Clock):
    """A clock that a test sets forward."""

    late_s = 0.0

    def now_s(self) -> float:
        return super().now_s() + self.late_s


async def test_a_deletion_that_the_watch_missed_and_a_role_that_was_edited_are_seen_at_the_next_look(
    cluster: Cluster, namespace: str, kubeconfig: Path
) -> None:
    clock = LateClock()
    entry = Entry((namespace, NAME), clock, random.Random(1))
    requests = MortalRequests(kubeconfig, Writes())
    try:
        entry.show_election(read_resource(cluster.make_election(namespace, NAME, serviceAccounts=["app"])))
        await entry.look(requests)
        uid = cluster.make_pod(namespace, "payouts-0")
        for _ in range(2):
            cluster.lead(namespace, NAME, "payouts-0", uid, 41)
        lease = await requests.get(lease_path(namespace, NAME))
        assert lease is not None
        assert entry.show_lease(lease, deleted=False)
        await entry.look(requests)
        assert cluster.leaders(namespace, NAME) == {"payouts-0"}

        cluster.edit_accounts(namespace, NAME, ["app", "eve"])
        clock.late_s += 1.25 * AGAIN_S
        assert entry.due_at_s() <= clock.now_s()
        await entry.look(requests)
        assert cluster.accounts(namespace, NAME) == ["app"]

        cluster.delete_election(namespace, NAME)
        clock.late_s += 1.25 * AGAIN_S
        await entry.look(requests)
        assert entry.election is None
        assert cluster.leaders(namespace, NAME) == set()
    finally:
        await requests.close()


async def test_two_operators_that_both_believe_to_act_end_in_the_same_place(
    cluster: Cluster, namespace: str, kubeconfig: Path
) -> None:
    def both() -> asyncio.Future[list[None]]:
        return asyncio.gather(*(settle(kubeconfig, namespace, NAME, Writes()) for _ in range(2)))

    cluster.make_election(namespace, NAME, serviceAccounts=["app"], service={"enabled": True})
    await both()
    assert cluster.accounts(namespace, NAME) == ["app"]
    uids = {pod: cluster.make_pod(namespace, pod) for pod in ("payouts-0", "payouts-1")}
    for token, (pod, uid) in enumerate([*uids.items()] * 4, 41):
        for _ in range(2):
            version = cluster.lead(namespace, NAME, pod, uid, token)
        await both()
        leader, lease = cluster.leader(namespace, NAME), cluster.lease(namespace, NAME)
        assert cluster.leaders(namespace, NAME) == {pod}
        assert (leader["pod"], leader["token"]) == (pod, token)
        assert lease is not None
        assert lease["metadata"]["resourceVersion"] == str(version)
