"""An operator that is killed at any of its writes, before or after it was carried out: the next one finds its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operators.cluster import Cluster
from operators.conftest import NAME
from operators.desk import Killed, Writes, settle

pytestmark = pytest.mark.apiserver

MOST_WRITES = 12


class Stage:
    """One step of an election's life, to be carried out by operators that may die.

    Args:
        prepare: what people and sidecars do before it.
        holds: what must be true after it.
        writes: the least number of writes that it takes.
    """

    def __init__(
        self, prepare: Callable[[Cluster, str], Any], holds: Callable[[Cluster, str], None], writes: int
    ) -> None:
        self.prepare = prepare
        self.holds = holds
        self.writes = writes


def made(cluster: Cluster, namespace: str) -> None:
    assert cluster.condition(namespace, NAME, "Ready") == ("True", "Settled")
    assert cluster.accounts(namespace, NAME) == ["app"]
    role, service, lease = (
        cluster.role(namespace, NAME),
        cluster.service(namespace, NAME),
        cluster.lease(namespace, NAME),
    )
    assert role is not None
    assert role["rules"][0]["resourceNames"] == [NAME]
    assert service is not None
    assert lease is not None
    assert not lease.get("spec")


def led_by(pod: str) -> Callable[[Cluster, str], None]:
    def holds(cluster: Cluster, namespace: str) -> None:
        assert cluster.leaders(namespace, NAME) == {pod}
        assert cluster.leader(namespace, NAME)["pod"] == pod
        assert cluster.condition(namespace, NAME, "HasLeader") == ("True", "Leading")

    return holds


def without_service(cluster: Cluster, namespace: str) -> None:
    assert cluster.service(namespace, NAME) is None
    assert cluster.leaders(namespace, NAME) == set()
    assert cluster.accounts(namespace, NAME) == ["other"]


def gone(cluster: Cluster, namespace: str) -> None:
    assert cluster.leaders(namespace, NAME) == set()
    assert cluster.lease(namespace, NAME) is not None


def begin(cluster: Cluster, namespace: str) -> None:
    cluster.make_election(namespace, NAME, serviceAccounts=["app"], service={"enabled": True})


def begin_on_a_strangers_unheld_lease(cluster: Cluster, namespace: str) -> None:
    cluster.make_lease(namespace, NAME)
    begin(cluster, namespace)


def lead(pod: str, token: int) -> Callable[[Cluster, str], None]:
    def prepare(cluster: Cluster, namespace: str) -> None:
        uid = cluster.make_pod(namespace, pod)
        cluster.lead(namespace, NAME, pod, uid, token)
        cluster.lead(namespace, NAME, pod, uid, token)

    return prepare


def edit(cluster: Cluster, namespace: str) -> None:
    cluster.edit_election(namespace, NAME, serviceAccounts=["other"], service={"enabled": False}, leaderLabel=False)


def delete(cluster: Cluster, namespace: str) -> None:
    cluster.edit_election(namespace, NAME, leaderLabel=True)
    cluster.delete_election(namespace, NAME)


LIFE = [
    Stage(begin, made, 5),
    Stage(lead("payouts-0", 41), led_by("payouts-0"), 2),
    Stage(lead("payouts-1", 57), led_by("payouts-1"), 3),
    Stage(edit, without_service, 4),
]
ADOPTED_LIFE = [
    Stage(begin_on_a_strangers_unheld_lease, made, 5),
    Stage(lead("payouts-0", 41), led_by("payouts-0"), 2),
    Stage(delete, gone, 1),
]


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("life", [LIFE, ADOPTED_LIFE], ids=["made", "adopted"])
async def test_whatever_write_it_dies_at_the_next_operator_ends_where_it_would_have(
    cluster: Cluster, kubeconfig: Path, life: list[Stage], applied: bool
) -> None:
    deaths = 0
    for kill_at in range(1, MOST_WRITES):
        namespace = cluster.new_namespace()
        died_here = 0
        for stage in life:
            stage.prepare(cluster, namespace)
            writes = Writes(kill_at, applied=applied)
            try:
                await settle(kubeconfig, namespace, NAME, writes)
                assert len(writes.made) >= min(stage.writes, kill_at), writes.made
            except Killed:
                died_here += 1
                await settle(kubeconfig, namespace, NAME, Writes())
            stage.holds(cluster, namespace)
        if not died_here:
            break
        deaths += died_here
    else:
        raise AssertionError(f"a stage makes {MOST_WRITES} writes or more")
    assert deaths >= sum(stage.writes for stage in life), deaths


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
async def test_a_strangers_lease_that_was_taken_while_unheld_stays_taken_whenever_the_operator_died(
    cluster: Cluster, kubeconfig: Path, applied: bool
) -> None:
    held_meanwhile = 0
    for kill_at in range(1, 5):
        namespace = cluster.new_namespace()
        begin_on_a_strangers_unheld_lease(cluster, namespace)
        with pytest.raises(Killed):
            await settle(kubeconfig, namespace, NAME, Writes(kill_at, applied=applied))
        if cluster.accounts(namespace, NAME) is not None:
            lead("payouts-0", 41)(cluster, namespace)
            held_meanwhile += 1
        await settle(kubeconfig, namespace, NAME, Writes())
        assert cluster.condition(namespace, NAME, "Ready") == ("True", "Settled")
    assert held_meanwhile


async def test_an_operator_that_finds_all_as_it_should_be_writes_nothing(
    cluster: Cluster, namespace: str, kubeconfig: Path
) -> None:
    begin(cluster, namespace)
    lead_it = lead("payouts-0", 41)
    await settle(kubeconfig, namespace, NAME, Writes())
    lead_it(cluster, namespace)
    await settle(kubeconfig, namespace, NAME, Writes())
    again = Writes()
    await settle(kubeconfig, namespace, NAME, again)
    assert again.made == []
