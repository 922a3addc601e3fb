"""Twenty elections of three replicas each, with twenty ledgers, on the cluster at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from kind.disasters.crowd import INTERVAL_S
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

ELECTIONS = 20
HANDOVER_S = LEASE_S / 3
"""Eighty pods share two processors; a Lease that was not released would be followed after two thirds at the least."""
_AT_ONCE = 4
"""Charts installed side by side: each costs a second of a processor."""
_APART_S = 0.25
"""Between the starts of two stages' pollers, for the same reason."""


def play(stage: Stage) -> None:
    """Let all leaders step down at once while all elections run, and judge each election by its own ledger."""
    nodes = [stage.cluster.control_plane, *stage.cluster.workers]
    stages = [
        Stage(stage.cluster, f"many-{number:02}", f"election {number}", [], INTERVAL_S) for number in range(ELECTIONS)
    ]
    began_s = now_s()
    with ThreadPoolExecutor(_AT_ONCE) as few, ExitStack() as watched:
        list(few.map(lambda one: one.install(on=nodes), stages))
        stage.say(f"{ELECTIONS} elections ready in {now_s() - began_s:.0f} s")
        for one in stages:
            watched.enter_context(one.watched())
            time.sleep(_APART_S)
        hand_over(stages)
        time.sleep(LOOK_S)
        watched.close()
        list(few.map(Stage.verdict, stages))
    stage.cluster.remove(*(one.release.namespace for one in stages))
    worst_s = [max(one.watching.gaps_s()) for one in stages]
    stage.watchings += [one.watching for one in stages]
    stage.evidence.payments = payments = sum(one.evidence.payments for one in stages)
    answers = sum(len(one.watching.seen) for one in stages)
    stage.say(f"{ELECTIONS} hand-overs: nobody led for {min(worst_s):.2f} to {max(worst_s):.2f} s")
    stage.say(f"{answers} answers, 0 overlaps; {payments} payments, 0 twice")
    assert max(worst_s) <= HANDOVER_S, f"hand-overs took up to {max(worst_s):.2f} s"


def hand_over(stages: Sequence[Stage]) -> None:
    """Let each leader step down, and wait until others lead."""
    leaders = [one.watching.leader(LEASE_S + 10.0) for one in stages]
    for one, old in zip(stages, leaders, strict=True):
        one.watching.resign(old.who)
    for one, old in zip(stages, leaders, strict=True):
        one.watching.leader(LEASE_S, other_than=old.who, after_token=old.token or 0)
