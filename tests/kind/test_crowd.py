"""Fifty replicas of one election, which take the whole cluster."""

from __future__ import annotations

import pytest

from cluster.kind import KindCluster
from kind.disasters import crowd
from kind.stage import Stage


@pytest.mark.usefixtures("saved")  # of what comes now, the snapshot knows nothing
def test_a_crowd_has_one_leader_a_term(cluster: KindCluster, stages: list[Stage]) -> None:
    stage = Stage(cluster, "crowd", "Fifty replicas of one election", stages, crowd.INTERVAL_S)
    crowd.play(stage)
    stage.leave()
    print(*stage.figures, sep="\n")
