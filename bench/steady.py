"""Owns the rows about what an election costs while nothing happens: requests, memory, processor time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.candidates import Candidate
from bench.scene import Scene
from bench.stage import Stage

REQUESTS, MEMORY, CPU = "requests", "memory", "cpu"
LEADER, FOLLOWER = "leader", "follower"
_WARM_S = 60.0
_AGED_S = 300.0
_TURN_S = 1.0


@dataclass(frozen=True)
class _Watched:
    stage: Stage
    candidate: Candidate
    part: str
    cpu_s: float


def steady(scene: Scene) -> None:
    """Let leaders lead and followers follow, all at the same time, from minute 1 of their processes on."""
    minutes = scene.options.minutes
    began_s = time.monotonic()
    with scene.stages() as stages:
        _wait_until(scene, began_s + _WARM_S)
        since_s, begins_s = time.time(), time.monotonic()
        watched = [
            _Watched(stage, one, LEADER if one is leader else FOLLOWER, one.cpu_s())
            for stage in stages
            for leader in [stage.leader()]
            for one in stage.candidates
        ]
        ends_s = begins_s + minutes * 60
        read_s = min(began_s + _AGED_S, ends_s)
        _wait_until(scene, read_s)
        for one in watched:
            scene.findings.add(MEMORY, one.stage.kind, one.part, one.candidate.rss_mib())
        _wait_until(scene, ends_s)
        hours = (time.monotonic() - begins_s) / 3600
        until_s = time.time()
        for one in watched:
            kind, place = one.stage.kind, one.candidate.place
            scene.findings.add(CPU, kind, one.part, (one.candidate.cpu_s() - one.cpu_s) / hours)
            requests = scene.audit.count(place.namespace, place.user, since_s, until_s)
            scene.findings.add(REQUESTS, kind, one.part, requests / (hours * 60))
            if one.candidate.leads != (one.part == LEADER):
                raise RuntimeError(f"{kind}: the leader changed while nothing should have happened")


def _wait_until(scene: Scene, at_s: float) -> None:
    while (left_s := at_s - time.monotonic()) > 0:
        scene.step(CPU, f"{left_s:.0f} s of quiet")
        time.sleep(min(_TURN_S, left_s))
