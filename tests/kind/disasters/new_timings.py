"""The chart is upgraded with another lease duration: old pods and new stand side by side, with different timings."""

from __future__ import annotations

import time

from kind.stage import LOOK_S, Stage
from kind.watching import now_s

SHORTER_S = 9.0
TIMINGS = {"leaseDuration": "9s", "renewDeadline": "6s", "renewInterval": "3s", "stopMargin": "1s"}
GAP_S = 2.0


def play(stage: Stage) -> None:
    """Roll from 15 s to 9 s, and let the new duration count once."""
    stage.install()
    before = {pod.metadata.name for pod in stage.release.pods()}
    with stage.watched() as watching:
        stage.leader()
        with stage.fault("rolls to 9 s"):
            stage.release.upgrade(*(f"leader-sidecar.{name}={value}" for name, value in TIMINGS.items()))
            stage.release.until_whole()
        assert not before & {pod.metadata.name for pod in stage.release.pods()}, "nothing was rolled"
        old = stage.leader()
        gaps_s = watching.gaps_s()
        assert stage.release.lease().spec.lease_duration_seconds == SHORTER_S
        with stage.fault("deleted by force", old.who):
            stage.release.core.delete_namespaced_pod(old.who, stage.release.namespace, grace_period_seconds=0)
            began_s = now_s()
            new = watching.leader(SHORTER_S + 10.0, other_than=old.who, after_token=old.token or 0)
        time.sleep(LOOK_S)
    stage.say(f"rolled with nobody leading for {[round(one, 2) for one in gaps_s]} s")
    stage.say(f"then a crash is followed after {new.received_s - began_s:.2f} s")
    assert gaps_s, "no leader was replaced"
    assert max(gaps_s) <= GAP_S
    assert new.received_s - began_s <= SHORTER_S + 3.0
    stage.verdict()
