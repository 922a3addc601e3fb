"""Many at once: fifty replicas of one election, and twenty elections. They need the whole processor."""

from __future__ import annotations

import pytest

from cluster.kind import KindCluster
from kind.disasters import crowd, many_elections
from kind.stage import Stage

pytestmark = pytest.mark.disaster

INTERVAL_S = 0.25
"""Between two questions to one of so many pods."""

CROWDS = {
    "crowd": (crowd.play, "Fifty replicas of one election"),
    "many": (many_elections.play, "Twenty elections of three replicas at once"),
}


@pytest.mark.parametrize("namespace", CROWDS)
def test_a_crowd_has_one_leader_an_election(cluster: KindCluster, stages: list[Stage], namespace: str) -> None:
    scene, title = CROWDS[namespace]
    stage = Stage(cluster, namespace, title, stages, INTERVAL_S)
    scene(stage)
    stage.leave()
    print(*stage.figures, sep="\n")
