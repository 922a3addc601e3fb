"""Twenty elections at once, which take the whole cluster."""

from __future__ import annotations

from cluster.kind import KindCluster
from kind.disasters import crowd, many_elections
from kind.stage import Stage


def test_each_of_many_elections_has_one_leader(cluster: KindCluster, stages: list[Stage]) -> None:
    title = "Twenty elections of three replicas at once"
    stage = Stage(cluster, "many", title, stages, crowd.INTERVAL_S)
    many_elections.play(stage)
    print(*stage.figures, sep="\n")
