"""Child processes of a test: disturbed as told, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.processes import Process

WAIT_S = 10.0


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = Process(["sleep", "600"], tmp_path / "log", tmp_path / "data")
    process.start()
    yield process
    process.stop()


def state_of(pid: int) -> str:
    """Return a process's state as the kernel names it (`T` is paused), or nothing when it does not exist."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return ""
    return status.rpartition(")")[2].split()[0]


def wait_until_gone(pid: int) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while state_of(pid) not in ("", "Z"):
        assert time.monotonic() < deadline_s, f"process {pid} is still there"
        time.sleep(0.01)


def test_it_is_paused_and_goes_on(sleeper: Process) -> None:
    pid = sleeper.pid
    assert pid is not None
    sleeper.pause()
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    assert state_of(pid) == "T"
    assert sleeper.pid == pid
    sleeper.resume()
    os.waitid(os.P_PID, pid, os.WCONTINUED | os.WNOWAIT)
    assert state_of(pid) in ("S", "R")


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_it_ends_also_while_paused_and_starts_again(sleeper: Process, end: str) -> None:
    first = sleeper.pid
    assert first is not None
    sleeper.pause()
    getattr(sleeper, end)()
    assert sleeper.pid is None
    assert state_of(first) == ""
    sleeper.start()
    assert sleeper.pid not in (None, first)


def test_what_does_not_run_cannot_be_paused_but_stopped_again(sleeper: Process) -> None:
    sleeper.stop()
    sleeper.stop()
    with pytest.raises(RuntimeError, match="does not run"):
        sleeper.pause()


def test_it_is_not_started_twice(sleeper: Process) -> None:
    with pytest.raises(RuntimeError, match="runs already"):
        sleeper.start()


def test_its_log_is_kept_over_restarts(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "echo said"], tmp_path / "log", tmp_path / "data")
    for _ in range(2):
        process.start()
        while process.pid is not None:
            time.sleep(0.01)
        process.stop()
    assert process.log_tail() == "said\nsaid"
    assert process.log_tail(1) == "said"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_tests_process_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    data.mkdir()
    program = f"""
import sys, time
from pathlib import Path
from cluster.processes import Process
process = Process(["sleep", "600"], Path({str(tmp_path / "log")!r}), Path({str(data)!r}))
process.start()
print(process.pid, flush=True)
time.sleep(600)
"""
    tests = str(Path(__file__).parent.parent)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": tests}
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert state_of(child) in ("S", "R")
        parent.send_signal(number)
        parent.wait(WAIT_S)
    wait_until_gone(child)
    deadline_s = time.monotonic() + WAIT_S
    while data.exists():
        assert time.monotonic() < deadline_s, "the data are still there"
        time.sleep(0.01)
