"""The leader's node is frozen in the midst of a batch: a successor leads, the old leader's first answer on waking is
false, and what its app then writes with its old token is refused by the ledger.
"""

from __future__ import annotations

import time
from typing import Any

from kind.release import LEASE_S, Release
from kind.watching import now_s

FROZEN_S = 45.0
WOKEN_S = 10.0


def test_a_frozen_node_is_outlived_and_wakes_as_a_follower(release: Release) -> None:
    release.until_whole()
    assert len({pod.spec.node_name for pod in release.pods()}) > 1, "all pods are on one node"
    with release.watching() as watching:
        old = watching.leader(LEASE_S)
        node = release.pod(old.who).spec.node_name
        others = [pod.metadata.name for pod in release.pods() if pod.spec.node_name != node]
        release.until(lambda: half_paid(release.ledger("/batch")), 20.0, "a half-paid batch")
        frozen_s = now_s()
        release.cluster.pause(node)
        try:
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
            time.sleep(max(frozen_s + FROZEN_S - now_s(), 0.0))
            woken_s = now_s()
        finally:
            release.cluster.unpause(node)
        time.sleep(WOKEN_S)
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
    told = release.ledger("/evidence")
    late = [one for one in told["refused"] if one["token"] == str(old.token) and one["at_s"] >= woken_s]
    print(f"{told['payments']} payments, refused after waking: {[one['what'] for one in late]}")
    assert late, "the app wrote nothing late: it was not frozen in the midst of a batch"
    assert not [one for one in told["accepted"] if one["token"] == old.token and one["at_s"] >= woken_s]
    assert (told["paid_twice"], told["never_paid"]) == ([], [])
    assert any(one["token"] == new.token for one in told["accepted"])


def half_paid(batch: dict[str, Any]) -> bool:
    return len(batch["merchants"]) // 4 <= len(batch["paid"]) <= len(batch["merchants"]) // 2
