"""Somebody deletes the Lease under its leader: nobody leads until it is made again, and a lease later."""

from __future__ import annotations

import time

from kind.release import LEASE_S
from kind.runbook import follow
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

NOTICED_S = 3.0


def play(stage: Stage) -> None:
    """Delete it, see the term end, make it again."""
    stage.install()
    with stage.watched() as watching:
        old = stage.leader()
        with stage.fault("no Lease"):
            stage.release.leases.delete_namespaced_lease(stage.release.namespace, stage.release.namespace)
            began_s = now_s()
            time.sleep(LOOK_S)
            last = watching.last_true(old.token or 0)
            assert last.sent_s - began_s <= NOTICED_S, "it leads on without a Lease"
            follow(stage.cluster, "The Lease was deleted", stage.release.namespace)
            made_s = created_s(stage)
        new = watching.leader(LEASE_S + 15.0, after_token=old.token or 0)
        time.sleep(LOOK_S)
    stage.say(
        f"deleted to the last true {last.sent_s - began_s:.2f} s, "
        f"made again to a leader {new.received_s - made_s:.2f} s"
    )
    assert new.received_s - made_s >= LEASE_S, "a new Lease might have a leader that nobody sees"
    assert new.received_s - made_s <= LEASE_S + 8.0
    stage.verdict()


def created_s(stage: Stage) -> float:
    """Return when the Lease was made, on the pollers' clock; the API tells whole seconds, rounded down."""
    made_at = stage.release.lease().metadata.creation_timestamp.timestamp()
    return now_s() - (time.time() - made_at)
