"""Hand-over: the leader's pod deleted, rolled over, and its sidecar killed."""

from __future__ import annotations

import time
from typing import Any

from kind.release import LEASE_S, Release
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

HANDOVER_S = 2.0
GAP_S = 1.0
RESTART_S = 3.0


def test_a_deleted_leader_hands_over(payouts: Stage) -> None:
    release = payouts.release
    release.until_whole()
    with payouts.watched() as watching:
        old = payouts.leader()
        with payouts.fault("deleted", old.who):
            deleted_s = now_s()
            release.core.delete_namespaced_pod(old.who, release.namespace)
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
        time.sleep(LOOK_S)
    took_s = new.received_s - deleted_s
    print(f"deleted to new leader {took_s:.3f} s, nobody led for {watching.gaps_s()} s")
    assert new.token is not None
    assert old.token is not None
    assert new.token > old.token
    assert took_s <= HANDOVER_S
    payouts.verdict()


def test_a_leader_that_is_deleted_by_force_is_followed(payouts: Stage) -> None:
    release = payouts.release
    release.until_whole()
    with payouts.watched() as watching:
        old = payouts.leader()
        with payouts.fault("deleted by force", old.who):
            deleted_s = now_s()
            release.core.delete_namespaced_pod(old.who, release.namespace, grace_period_seconds=0)
            assert old.who not in release.names(), "it was not deleted by force: its object is still there"
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
        time.sleep(LOOK_S)
    took_s = new.received_s - deleted_s
    print(f"deleted by force to new leader {took_s:.3f} s")
    assert took_s <= LEASE_S + 2.0
    payouts.verdict()


def test_a_killed_sidecar_leads_again_in_the_same_pod(payouts: Stage) -> None:
    release = payouts.release
    release.until_whole()
    with payouts.watched() as watching:
        old = payouts.leader()
        pod = release.pod(old.who)
        before = pod.status.init_container_statuses[0].restart_count
        with payouts.fault("sidecar killed", old.who):
            kill_sidecar(release, pod)
            new = watching.leader(LEASE_S + 10.0, after_token=old.token or 0)
        time.sleep(LOOK_S)
    took_s = new.received_s - watching.last_true(old.token or 0).sent_s
    print(f"last answer to leading again {took_s:.3f} s")
    assert new.who == old.who
    assert took_s <= RESTART_S
    assert release.pod(old.who).status.init_container_statuses[0].restart_count == before + 1, "it was not killed"
    payouts.verdict()


def test_a_rolling_update_leaves_nobody_waiting(payouts: Stage) -> None:
    release = payouts.release
    release.until_whole()
    before = {pod.metadata.name for pod in release.pods()}
    with payouts.watched() as watching:
        payouts.leader()
        with payouts.fault("rolls"):
            release.roll()
            release.until_whole()
        time.sleep(LOOK_S)
    assert not before & {pod.metadata.name for pod in release.pods()}, "nothing was rolled over"
    gaps_s = watching.gaps_s()
    print(f"hand-overs without a leader for {[round(gap_s, 3) for gap_s in gaps_s]} s")
    assert gaps_s, "no leader was replaced"
    assert max(gaps_s) <= GAP_S
    payouts.verdict()


def kill_sidecar(release: Release, pod: Any) -> None:
    """Kill the sidecar's process from its node; no other process of the machine carries this pod's uid."""
    uid, node = pod.metadata.uid, pod.spec.node_name
    find = f"grep -lsz '^POD_UID={uid}$' /proc/[0-9]*/environ"
    found = release.cluster.on_node(node, "sh", "-c", f"{find} | cut -d/ -f3")
    pids = found.split()
    assert len(pids) == 1, f"not one process of pod {uid}: {pids}"
    release.cluster.on_node(node, "kill", "-KILL", pids[0])
