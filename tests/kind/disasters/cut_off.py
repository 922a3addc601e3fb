"""The leader's node is cut off from the API server, and from nothing else: its app could still write, and must stop."""

from __future__ import annotations

import time

from kind.faults import cut_off
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

RENEW_DEADLINE_S = 10.0


def play(stage: Stage) -> None:
    """Drop the packets until a successor has worked a while."""
    node = stage.cluster.workers[1]
    stage.install(on=[node, stage.cluster.control_plane])
    with stage.watched() as watching:
        old = stage.leader_on(node)
        with stage.fault("cut off", old.who), cut_off(stage.cluster, node, stage.say):
            began_s = now_s()
            new = watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
            time.sleep(LOOK_S)
        time.sleep(LOOK_S)
    last = watching.last_true(old.token or 0)
    false = watching.first_false(old.who, last.sent_s)
    stage.say(
        f"cut off to false {false.received_s - began_s:.2f} s, to the successor {new.received_s - began_s:.2f} s: "
        f"false {new.received_s - false.received_s:.2f} s before"
    )
    assert false.received_s < new.received_s
    assert false.received_s - began_s <= RENEW_DEADLINE_S + 1.0
    assert new.received_s - began_s <= LEASE_S + 3.0
    assert stage.release.pod(new.who).spec.node_name != node
    stage.verdict()
