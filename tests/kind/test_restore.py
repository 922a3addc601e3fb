"""etcd restored from a snapshot; late, because afterwards no process of the cluster is as before."""

from __future__ import annotations

from cluster.kind import KindCluster
from kind.disasters import restored
from kind.stage import Stage


def test_who_ran_before_does_not_lead_and_says_what_to_do(cluster: KindCluster, stages: list[Stage]) -> None:
    stage = Stage(cluster, "restored", "etcd is restored from a snapshot", stages)
    restored.play(stage)
    print(*stage.figures, sep="\n")
