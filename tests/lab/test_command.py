"""`leader-sidecar lab run`: what people and machines are told, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from leader_sidecar.cli.main import main
from leader_sidecar.core import elector
from leader_sidecar.lab.fault_kinds import FAULT_KINDS

Capture = pytest.CaptureFixture[str]


def test_a_page_has_every_fault_the_speed_and_the_verdict(capsys: Capture) -> None:
    assert main(["lab", "run", "--schedules", "20", "--seed", "100"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in FAULT_KINDS)
    assert "schedules  20, seeds 100 to 119" in out
    assert "schedules/s" in out
    assert "events/s" in out
    assert "0 of 20 schedules broke a promise" in out


def test_json_is_one_document_that_repeats_itself(capsys: Capture) -> None:
    documents: list[dict[str, Any]] = []
    for jobs in ("1", "2"):
        assert main(["lab", "run", "--schedules", "60", "--jobs", jobs, "--json"]) == 0
        documents.append(json.loads(capsys.readouterr().out))
        assert documents[-1].pop("took_s") > 0
    assert documents[0] == documents[1]
    assert documents[0]["schedules"] == 60
    assert documents[0]["violations"] == []
    assert list(documents[0]["faults"]) == list(FAULT_KINDS)


def test_a_broken_promise_is_told_with_its_seed_shrunk_as_a_timeline(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elector, "_end_of_work_s", lambda s, app_at_work: s.now_s)
    assert main(["lab", "run", "--schedules", "200"]) == 1
    out = capsys.readouterr().out
    first = next(line for line in out.splitlines() if line.startswith("  seed "))
    assert ": I1: " in first
    assert "shrunk:" in out
    assert "VIOLATION I1" in out.splitlines()[-1]
    assert "LEADS with token" in out


def test_a_timeline_tells_the_faults_and_what_happened(capsys: Capture) -> None:
    assert main(["lab", "run", "--seed", "3", "--timeline"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("seed 3: ")
    assert "takes effect" in out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--schedules", "0"], "--schedules 0 must be 1 or more"),
        (["--jobs", "0"], "--jobs 0 must be 1 or more"),
        (["--seed", "-1"], "--seed -1 must be 0 or more"),
        (["--schedule", "5"], "--schedules"),
    ],
)
def test_wrong_usage_is_one_line(argv: list[str], told: str, capsys: Capture) -> None:
    assert main(["lab", "run", *argv]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == len(err.splitlines()) <= 2


def test_ctrl_c_prints_what_was_run_so_far() -> None:
    packages = str(Path(__file__).parents[2] / "sidecar")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "leader_sidecar", "lab", "run", "--schedules", "1000000", "--jobs", "2"],
        env={**os.environ, "PYTHONPATH": packages},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline_s = time.monotonic() + 60.0
        while len(children.read_text().split()) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.1)
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=2.0)  # long enough for a first chunk
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60.0)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "of 1000000" not in out
    assert "0 of" in out or "no schedule was run" in out
