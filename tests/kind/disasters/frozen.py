"""The leader's node is frozen in the midst of a batch: behind a guard, without one, and while the Deployment rolls.

A successor leads; the old leader's first answer on waking is false; what its app then writes with its old token is
refused by the ledger, and where the ledger has no guard, merchants are paid twice.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from kind.faults import frozen
from kind.release import LEASE_S
from kind.stage import Stage
from kind.watching import now_s
from process.poller import Seen

FROZEN_S = 32.0
"""Longer than a lease, and shorter than the 40 s after which a node is given up."""
WOKEN_S = 8.0
_HALF_PAID_S = 60.0


def play(stage: Stage) -> None:
    """Freeze one node under the leaders of three releases at once."""
    node = stage.cluster.workers[0]
    unguarded = stage.beside("frozen-unguarded", "The same without the ledger's guard: damage")
    rolling = stage.beside("frozen-rolling", "The same while the Deployment rolls")
    stages = (stage, unguarded, rolling)
    with ThreadPoolExecutor(len(stages)) as pool, ExitStack() as watched:
        list(
            pool.map(
                lambda one: one.install(
                    f"ledger.guard={one is not unguarded}".lower(), on=[node, stage.cluster.control_plane]
                ),
                stages,
            )
        )
        for one in stages:
            watched.enter_context(one.watched())
        old = dict(zip(stages, pool.map(lambda one: one.leader_on(node), stages), strict=True))
        roll_begins(rolling)
        stage.release.until(lambda: all(pool.map(half_paid, (stage, unguarded))), _HALF_PAID_S, "two half-paid batches")
        with ExitStack() as faults:
            for one in stages:
                faults.enter_context(one.fault("frozen", old[one].who))
            with frozen(stage.cluster, node):
                leader = rolling.release.pod(old[rolling].who)
                assert leader.metadata.deletion_timestamp is None, "the leader was replaced before it was frozen"
                frozen_s = now_s()
                new = {one: successor(one, old[one]) for one in stages}
                time.sleep(max(frozen_s + FROZEN_S - now_s(), 0.0))
                woken_s = now_s()
        list(pool.map(lambda one: wakes_as_follower(one, old[one], new[one], frozen_s, woken_s), stages))
        rolling.release.rolled()
        rolling.release.until_whole()
        time.sleep(WOKEN_S)
    for one in (stage, rolling):
        one.verdict()
    late_writes_are_refused(stage, old[stage], new[stage], woken_s)
    late_writes_do_damage(unguarded, old[unguarded], woken_s)


def roll_begins(stage: Stage) -> None:
    """Begin to roll, and wait until the first new pod is there."""
    before = set(stage.release.names())
    slowly = json.dumps({"spec": {"minReadySeconds": 10}})  # the leader is not replaced before it is frozen
    stage.release.kubectl("patch", stage.release.deployment, "--patch", slowly)
    stage.release.kubectl("rollout", "restart", stage.release.deployment)
    stage.release.until(lambda: set(stage.release.names()) - before, LEASE_S, "the first pod of the roll")


def half_paid(stage: Stage) -> bool:
    """Say whether some of the batch is paid, and enough is not for the freeze to come in its midst."""
    batch = stage.release.ledger("/batch")
    return 1 <= len(batch["paid"]) <= len(batch["merchants"]) // 2


def successor(stage: Stage, old: Seen) -> Seen:
    """Wait for the next leader; it is in time."""
    began_s = stage.faults[-1].began_s
    new = stage.watching.leader(LEASE_S + 10.0, other_than=old.who, after_token=old.token or 0)
    took_s = new.received_s - began_s
    stage.say(f"frozen to new leader {took_s:.2f} s")
    assert took_s <= LEASE_S + 3.0
    return new


def wakes_as_follower(stage: Stage, old: Seen, new: Seen, frozen_s: float, woken_s: float) -> None:
    """Judge that the old leader was silent, and that the first it says is that it does not lead.

    Where the roll has deleted its pod meanwhile, that ends as it wakes, and may say nothing.
    """
    time.sleep(WOKEN_S)
    mine = [one for one in stage.watching.seen if one.who == old.who and one.sent_s > frozen_s + 1.0]
    assert not [one for one in mine if one.sent_s < woken_s], "it was not frozen"
    assert mine or old.who not in stage.release.names(), "it did not wake"
    assert not [one for one in mine if one.token is not None], "it woke as a leader"
    assert old.token is not None
    assert new.token is not None
    assert new.token > old.token


def late_writes_are_refused(stage: Stage, old: Seen, new: Seen, woken_s: float) -> None:
    """Judge by the ledger that the old leader tried, in vain."""
    told = stage.evidence
    late = [one for one in told.refused if one["token"] == str(old.token) and one["at_s"] >= woken_s]
    assert late, "the app wrote nothing late: it was not frozen in the midst of a batch"
    assert not [one for one in told.accepted if one["token"] == old.token and one["at_s"] >= woken_s]
    assert any(one["token"] == new.token for one in told.accepted)
    stage.say(f"refused after waking: {', '.join(one['what'] for one in late)}")


def late_writes_do_damage(stage: Stage, old: Seen, woken_s: float) -> None:
    """Judge that without the guard the very same harms somebody: otherwise the guard was not put to the test."""
    stage.look()
    stage.say(stage.watching.verdict())
    late = [one for one in stage.evidence.accepted if one["token"] == old.token and one["at_s"] >= woken_s]
    stage.say(
        f"without a guard {len(late)} late writes took effect, {len(stage.evidence.paid_twice)} merchants paid twice"
    )
    assert late
    assert stage.evidence.paid_twice
    assert stage.evidence.falling()
