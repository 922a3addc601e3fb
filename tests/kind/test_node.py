"""The leader's node is frozen: a successor leads, and the old leader's first answer on waking is false."""

from __future__ import annotations

import time

from kind.release import LEASE_S, Release
from kind.watching import now_s

FROZEN_S = 45.0


def test_a_frozen_node_is_outlived_and_wakes_as_a_follower(release: Release) -> None:
    release.until_whole()
    assert len({pod.spec.node_name for pod in release.pods()}) > 1, "all pods are on one node"
    with release.watching() as watching:
        old = watching.leader(LEASE_S)
        node = release.pod(old.who).spec.node_name
        others = [pod.metadata.name for pod in release.pods() if pod.spec.node_name != node]
        frozen_s = now_s()
        release.cluster.pause(node)
        try:
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
            time.sleep(max(frozen_s + FROZEN_S - now_s(), 0.0))
            woken_s = now_s()
        finally:
            release.cluster.unpause(node)
        time.sleep(8.0)
        assert new.who in others
        took_s = new.received_s - frozen_s
        print(f"frozen to new leader {took_s:.3f} s")
        assert took_s <= LEASE_S + 2.0
        silent = [one for one in watching.seen if one.who == old.who and frozen_s + 1.0 < one.sent_s < woken_s]
        assert silent == [], "it was not frozen"
        first = min(
            (one for one in watching.seen if one.who == old.who and one.sent_s >= woken_s), key=lambda one: one.sent_s
        )
        assert first.token is None
    watching.verdict()
