"""Owns the rows about who leads next: after a crash, after a gentle end; and how soon a process answers at all."""

from __future__ import annotations

import random
import signal
import time

from bench.scene import Scene, at_once
from bench.stage import LEASE_DURATION_S, Stage

CRASH, HAND_OVER, START = "crash", "hand-over", "start"
_AHEAD_S = 1.0
_SETTLED_S = 1.0
_PHASE_S = 5.0


def crash(scene: Scene) -> None:
    """Kill leaders, and count from the end of their leases to the first true of another; both kinds at a time."""

    def once(stage: Stage) -> None:
        old = stage.leader()
        time.sleep(_SETTLED_S + random.uniform(0.0, _PHASE_S))
        old.process.kill()
        ends_s = stage.renewed_s() + LEASE_DURATION_S
        time.sleep(max(0.0, ends_s - _AHEAD_S - time.time()))
        _, true_s = stage.first_true(old)
        late_s = time.time() - (time.monotonic() - true_s) - ends_s
        scene.findings.add(CRASH, stage.kind, "s", late_s)

    with scene.stages() as stages:
        for _ in range(scene.options.crashes):
            at_once(stages, once)
            for stage in stages:
                stage.fill()
            scene.step(CRASH, "a leader was killed")


def hand_over(scene: Scene) -> None:
    """End leaders by SIGTERM, and count to the first true of another; the kinds take turns."""
    with scene.stages() as stages:
        for _ in range(scene.options.rounds):
            for stage in stages:
                old = stage.leader()
                time.sleep(_SETTLED_S + random.uniform(0.0, 1.0))
                began_s = time.monotonic()
                old.process.signal(signal.SIGTERM)
                _, true_s = stage.first_true(old)
                scene.findings.add(HAND_OVER, stage.kind, "s", true_s - began_s)
                old.process.wait(LEASE_DURATION_S)
                stage.fill()
            scene.step(HAND_OVER, "a leader was ended")


def start(scene: Scene) -> None:
    """Start processes, and count to their first answer; the kinds take turns."""
    with scene.stages(size=2) as stages:
        for _ in range(scene.options.rounds):
            for stage in stages:
                leader = stage.leader()
                for other in [one for one in stage.candidates if one is not leader]:
                    stage.drop(other)
                scene.findings.add(START, stage.kind, "s", stage.new().start())
            scene.step(START, "a process was started")
