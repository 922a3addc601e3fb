"""Owns the row about the app's port under load: wrk against the sidecar and against a bare handler, in turns."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.candidates import Candidate, cpu_s
from bench.figures import SIDECAR
from bench.history import History, lateness_s
from bench.scene import Scene
from bench.stage import ELECTION, RENEW_INTERVAL_S
from cluster.processes import free_port

LOAD = "load"
_CONNECTIONS = 8
_STARTS = 5
_TURNS = 4
_START_S = 10.0
# The library's own, which differ from answer to answer.
_CHANGING = {"date", "content-length"}


def load(scene: Scene) -> None:
    """Load the bare handler and the sidecar that leads in turns, each for the whole time in all.

    The turns are short, because a machine may be a fifth faster a minute later; and both are started several times,
    because one process may be a twentieth faster than the next of the same program.

    Raises: RuntimeError without wrk, or when an answer was not 200.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("there is no `wrk`: apt-get install wrk")
    for start in range(1, _STARTS + 1):
        scene.step(LOAD, f"wrk loads one after the other, start {start} of {_STARTS}")
        _load_once(scene, scene.options.load_s / _STARTS / _TURNS)


def _load_once(scene: Scene, seconds: float) -> None:
    with scene.stages(size=1, only=(SIDECAR,)) as (stage,):
        leader = stage.leader()
        with _bare(leader) as (port, pid), History(stage.api, stage.namespace, ELECTION) as history:
            since_s = time.time()
            for _ in range(_TURNS):
                _burn(scene, "bare", port, lambda: cpu_s(pid), seconds)
                _burn(scene, "sidecar", leader.port, leader.cpu_s, seconds)
            until_s = time.time()
        for late_s in lateness_s(history.versions, leader.name, RENEW_INTERVAL_S, since_s, until_s):
            scene.findings.add(LOAD, SIDECAR, "late s", late_s)
        scene.findings.add(LOAD, SIDECAR, "leads", float(leader.leads))


def rate(told: str) -> float:
    """Read requests per second from what wrk printed.

    Raises: RuntimeError when there is none, or when not all answers were whole and 200.
    """
    found = re.search(r"^Requests/sec:\s+([0-9.]+)$", told, re.MULTILINE)
    if found is None or "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"wrk measured nothing:\n{told}")
    return float(found[1])


def _burn(scene: Scene, which: str, port: int, spent_s: Callable[[], float], seconds: float) -> None:
    url = f"http://127.0.0.1:{port}/leader"
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds:.0f}s", url]
    before_s, began_s = spent_s(), time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 30)
    share = (spent_s() - before_s) / (time.monotonic() - began_s)
    scene.findings.add(LOAD, SIDECAR, f"{which} rate", rate(ran.stdout + ran.stderr))
    scene.findings.add(LOAD, SIDECAR, f"{which} cpu", share)


@contextlib.contextmanager
def _bare(like: Candidate) -> Iterator[tuple[int, int]]:
    """Run the bare handler, which answers what this candidate answers. Gives: its port and its process id."""
    headers, body = _answer(like.port)
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.bare", str(port)], stdin=subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    try:
        assert child.stdin is not None
        with child.stdin as asked:
            asked.write(json.dumps({"headers": headers, "body": body}).encode())
        deadline_s = time.monotonic() + _START_S
        while True:
            try:
                again = _answer(port)
                break
            except OSError:
                if time.monotonic() > deadline_s or child.poll() is not None:
                    raise
                time.sleep(0.01)
        if again != (headers, body):
            raise RuntimeError(f"the bare handler answers {again}, not {(headers, body)}")
        yield port, child.pid
    finally:
        child.kill()
        child.wait()


def _answer(port: int) -> tuple[dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", "/leader")
        answer = connection.getresponse()
        body = answer.read().decode()
        return {name: value for name, value in answer.getheaders() if name.lower() not in _CHANGING}, body
    finally:
        connection.close()
