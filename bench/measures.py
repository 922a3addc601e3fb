"""Owns how each figure is measured: from outside, by asking and by sending signals."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench.stage import Stage
from process.sidecars import SidecarProcess

_PAUSE_S = 0.001


def start_up(stage: Stage, rounds: int) -> list[float]:
    """Measure the seconds from the start of the process to its first answer."""
    took = []
    for _ in range(rounds):
        sidecar = stage.new(started=False)
        began_s = time.monotonic()
        sidecar.start()
        assert sidecar.get("/leader")[0] == 200
        took.append(time.monotonic() - began_s)
        stage.drop(sidecar)
    return took


def hand_over(stage: Stage, rounds: int) -> list[float]:
    """Measure the seconds from SIGTERM at the leader to the first true of another."""
    took = []
    for _ in range(rounds):
        stage.fill()
        old = stage.leader()
        time.sleep(0.5)
        began_s = time.monotonic()
        old.process.signal(signal.SIGTERM)
        took.append(_first_true(stage, old) - began_s)
        stage.drop(old)
    return took


def crash(stage: Stage, rounds: int) -> list[float]:
    """Measure the seconds from the moment at which the dead leader's record runs out to the first true of another."""
    took = []
    for _ in range(rounds):
        stage.fill()
        old = stage.leader()
        time.sleep(1.0)
        renewed_at = old.document()["leader"]["renewedAt"]
        old.process.kill()
        _first_true(stage, old)
        renewed_s = datetime.fromisoformat(renewed_at).timestamp()
        took.append(time.time() - renewed_s - 15.0)
        stage.drop(old)
    return took


def requests_per_minute(stage: Stage, minutes: float) -> tuple[float, float]:
    """Count the requests of leader and follower, by their own metrics, over some minutes of quiet."""
    leader, follower = _leader_and_follower(stage)
    before = [_requests(one) for one in (leader, follower)]
    time.sleep(minutes * 60)
    after = [_requests(one) for one in (leader, follower)]
    first, second = ((a - b) / minutes for a, b in zip(after, before, strict=True))
    return first, second


def memory_mib(stage: Stage) -> list[float]:
    """Read the resident memory of leader and follower."""
    return [_rss_mib(one) for one in _leader_and_follower(stage)]


def _leader_and_follower(stage: Stage) -> tuple[SidecarProcess, SidecarProcess]:
    stage.fill()
    leader = stage.leader()
    return leader, next(one for one in stage.sidecars if one is not leader)


def _first_true(stage: Stage, old: SidecarProcess) -> float:
    """Return the instant at which another than `old` has said that it leads; asked every few milliseconds."""
    others = [one for one in stage.sidecars if one is not old]
    connections = [http.client.HTTPConnection("127.0.0.1", one.port, timeout=5.0) for one in others]
    try:
        while True:
            for connection in connections:
                connection.request("GET", "/leader")
                if json.load(connection.getresponse())["isLeader"]:
                    return time.monotonic()
            time.sleep(_PAUSE_S)
    finally:
        for connection in connections:
            connection.close()


def _requests(sidecar: SidecarProcess) -> float:
    _, metrics = sidecar.get("/metrics", probe=True)
    lines: Sequence[str] = metrics.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("leader_sidecar_requests_total{"))


def _rss_mib(sidecar: SidecarProcess) -> float:
    status = Path(f"/proc/{sidecar.process.pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kib) / 1024
