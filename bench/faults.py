"""Owns the rows about leaders that do not know what happened: frozen and woken, cut off and healed."""

from __future__ import annotations

import random
import time

from bench.candidates import Candidate
from bench.history import History, is_overwritten
from bench.overlap import side_by_side_s
from bench.scene import Scene, at_once
from bench.stage import ELECTION, Stage
from bench.witness import Witness

FROZEN, CUT = "frozen", "cut"
FROZEN_S, CUT_S = 20.0, 20.5
_PHASE_S = 5.0
_BEFORE_S = 1.0
# client-go goes on for its renew deadline after that, and for as long again while it tries to release.
_AFTER_S = 22.0


def frozen(scene: Scene) -> None:
    """Freeze leaders, wake them beside their successors; both kinds at the same time."""

    def once(stage: Stage) -> None:
        leader = _some_time_into_its_term(stage)
        with Witness(stage.candidates) as witness:
            time.sleep(_BEFORE_S)
            leader.process.pause()
            time.sleep(FROZEN_S)
            leader.process.resume()
            time.sleep(_AFTER_S)
        _judge(scene, FROZEN, stage, leader, witness)

    with scene.stages() as stages:
        for _ in range(scene.options.faults):
            at_once(stages, once)
            for stage in stages:
                stage.fill()
            scene.step(FROZEN, "a leader was frozen")


def cut(scene: Scene) -> None:
    """Cut leaders off from their API server, and heal the cut; both kinds at the same time."""

    def once(stage: Stage) -> None:
        leader = _some_time_into_its_term(stage)
        with History(stage.api, stage.namespace, ELECTION) as history, Witness(stage.candidates) as witness:
            time.sleep(_BEFORE_S)
            stage.cables[leader.name].cut()
            time.sleep(CUT_S)
            stage.cables[leader.name].heal()
            time.sleep(_AFTER_S)
        successor = _judge(scene, CUT, stage, leader, witness)
        overwritten = is_overwritten(history.versions, successor)
        scene.findings.add(CUT, stage.kind, "overwritten", float(overwritten))

    with scene.stages(cabled=True) as stages:
        for _ in range(scene.options.faults):
            at_once(stages, once)
            for stage in stages:
                stage.fill()
            scene.step(CUT, "a leader was cut off")


def _some_time_into_its_term(stage: Stage) -> Candidate:
    leader = stage.leader()
    time.sleep(_PHASE_S + random.uniform(0.0, _PHASE_S))
    return leader


def _judge(scene: Scene, row: str, stage: Stage, leader: Candidate, witness: Witness) -> str:
    leaders = witness.leaders()
    if len(leaders) < 2:
        raise RuntimeError(f"{stage.kind}: nobody succeeded {leader.name}: a fault that struck nobody proves nothing")
    scene.findings.add(row, stage.kind, "ms", side_by_side_s(witness.answers) * 1000)
    if witness.works:
        scene.findings.add(row, stage.kind, "work ms", side_by_side_s(witness.works) * 1000)
    return next(name for name in leaders if name != leader.name)
