"""The leader's node dies as by a power cut, and comes back: a successor leads, and its pod returns as a follower."""

from __future__ import annotations

import time

from kind.faults import killed
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

BACK_S = 120.0


def play(stage: Stage) -> None:
    """Kill it until a successor has worked a while, and wait until its pods answer again."""
    node = stage.cluster.workers[2]
    stage.install(on=[node, stage.cluster.control_plane])
    with stage.watched() as watching:
        old = stage.leader_on(node)
        with stage.fault("killed", old.who), killed(stage.cluster, node):
            began_s = now_s()
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
            time.sleep(LOOK_S)
            started_s = now_s()

        def back() -> bool:
            return any(one.who == old.who and one.sent_s > started_s for one in watching.seen)

        stage.release.until(back, BACK_S, "the pod of the killed node answers again")
        back_s = now_s()
        stage.release.until_whole()
        time.sleep(LOOK_S)
    stage.say(f"killed to new leader {new.received_s - began_s:.2f} s, started to an answer {back_s - started_s:.1f} s")
    assert new.received_s - began_s <= LEASE_S + 3.0
    assert not [one for one in watching.seen if one.who == old.who and began_s + 1.0 < one.sent_s < started_s]
    assert watching.first_false(old.who, started_s).token is None
    stage.verdict()
