"""The chart is upgraded with another lease duration: old pods and new stand side by side, with different timings."""

from __future__ import annotations

import time

from kind.faults import paused
from kind.runbook import follow
from kind.stage import LOOK_S, Stage

SHORTER_S = 9.0
RENEW_INTERVAL_S = 3.0
TIMINGS = {"leaseDuration": "9s", "renewDeadline": "6s", "renewInterval": "3s", "stopMargin": "1s"}
GAP_S = SHORTER_S - RENEW_INTERVAL_S
"""A Lease that was not released would be followed after this at the least."""


def play(stage: Stage) -> None:
    """Roll from 15 s to 9 s, once more as the runbook says, and let the new duration count."""
    stage.install()
    before = {pod.metadata.name for pod in stage.release.pods()}
    with stage.watched() as watching:
        stage.leader()
        with stage.fault("rolls to 9 s"):
            stage.release.upgrade(*(f"leader-sidecar.{name}={value}" for name, value in TIMINGS.items()))
            stage.release.until_whole()
        assert not before & {pod.metadata.name for pod in stage.release.pods()}, "nothing was rolled"
        stage.leader()
        gaps_s = watching.gaps_s()
        assert stage.release.lease().spec.lease_duration_seconds == SHORTER_S
        follow(stage.cluster, "The lease duration was made shorter", stage.release.namespace)
        old = stage.leader()
        pod = stage.release.pod(old.who)
        sidecar = pod.status.init_container_statuses[0].container_id.split("//")[1]
        with stage.fault("frozen", old.who), paused(stage.cluster, pod.spec.node_name, sidecar):
            new = watching.leader(SHORTER_S + 10.0, other_than=old.who, after_token=old.token or 0)
        time.sleep(LOOK_S)
    stage.say(f"rolled with nobody leading for {[round(one, 2) for one in gaps_s]} s")
    # From its last answer: to freeze it takes a busy machine seconds.
    took_s = new.received_s - watching.last_true(old.token or 0).received_s
    stage.say(f"then a frozen sidecar is followed after {took_s:.2f} s")
    assert gaps_s, "no leader was replaced"
    assert max(gaps_s) <= GAP_S
    assert SHORTER_S - RENEW_INTERVAL_S - 1.0 <= took_s <= SHORTER_S + 1.0, f"followed after {took_s:.2f} s"
    stage.verdict()
