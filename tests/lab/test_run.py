"""The laboratory itself: the real core and nothing else, the same run from the same seed, faults that strike."""

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from leader_sidecar.core import elector, status
from leader_sidecar.lab import liveness
from leader_sidecar.lab.campaign import Summary, run_campaign, run_seeds
from leader_sidecar.lab.fault_kinds import FAULT_KINDS
from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import Schedule, make_schedule
from leader_sidecar.lab.shrink import shrink

SCHEDULES = int(os.environ.get("LAB_SCHEDULES", "5000"))
FIRST_SEED = int(os.environ.get("LAB_SEED", "0"))


@pytest.mark.timeout(1800)
def test_no_promise_is_broken_and_every_fault_strikes() -> None:
    total = run_campaign(FIRST_SEED, SCHEDULES, jobs=2, tell=lambda summary: None)
    assert total.failures == []
    assert total.schedules == SCHEDULES
    # A hundredth of the schedules each: 1,000 in 100,000.
    assert {name: total.struck[name] for name in FAULT_KINDS if total.struck[name] < SCHEDULES / 100} == {}
    assert len(FAULT_KINDS) >= 30


def test_every_schedule_fails_when_the_cores_step_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(state: Any, event: Any) -> Any:
        raise RuntimeError("no step")

    monkeypatch.setattr(elector, "step", broken)
    assert {run_schedule(make_schedule(seed)).check for seed in range(20)} == {"crash"}


def test_every_schedule_fails_when_the_answer_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(state: Any, now_s: float) -> Any:
        raise RuntimeError("no answer")

    monkeypatch.setattr(status, "answer", broken)
    assert {run_schedule(make_schedule(seed)).check for seed in range(20)} == {"crash"}


def test_a_core_that_never_leads_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = elector.step
    monkeypatch.setattr(elector, "step", lambda state, event: (real(state, event)[0], []))
    assert {run_schedule(make_schedule(seed, faultless=True)).check for seed in range(5)} == {"L1"}


_DIGEST = """
import hashlib
from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import make_schedule
digest = hashlib.sha256()
for seed in range(40, 60):
    digest.update("\\n".join(run_schedule(make_schedule(seed), traced=True).timeline).encode())
print(digest.hexdigest())
"""


def test_the_same_seed_gives_the_same_timeline_to_the_byte_in_any_process() -> None:
    here = hashlib.sha256()
    for seed in range(40, 60):
        here.update("\n".join(run_schedule(make_schedule(seed), traced=True).timeline).encode())
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == here.hexdigest()


def test_a_timeline_changes_nothing_in_the_run() -> None:
    for seed in range(10):
        plain, traced = run_schedule(make_schedule(seed)), run_schedule(make_schedule(seed), traced=True)
        assert (plain.events, plain.terms, plain.struck) == (traced.events, traced.terms, traced.struck)
        assert traced.timeline


def test_processes_share_the_work_without_changing_the_sums() -> None:
    told: list[int] = []
    shared = run_campaign(300, 110, jobs=2, tell=lambda summary: told.append(summary.schedules))
    alone = run_seeds(range(300, 410))
    assert (shared.struck, shared.events, shared.terms) == (alone.struck, alone.events, alone.terms)
    assert told == [50, 100, 110]


def test_ctrl_c_keeps_what_was_run() -> None:
    def interrupt(summary: Summary) -> None:
        if summary.schedules >= 100:
            raise KeyboardInterrupt

    assert run_campaign(0, 10_000, jobs=1, tell=interrupt).schedules == 100


def test_a_schedule_without_faults_has_one_term_and_few_requests() -> None:
    for seed in range(8):
        outcome = run_schedule(make_schedule(seed, faultless=True))
        assert (outcome.check, outcome.terms, outcome.struck) == ("", 1, {})


def test_a_failure_shrinks_to_fewer_faults_that_break_the_same_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "HANDOVER_S", -0.0)
    monkeypatch.setattr(elector, "_end_of_work_s", lambda s, app_at_work: s.now_s)
    failed = next(outcome for seed in range(2000) if (outcome := run_schedule(make_schedule(seed))).check == "I1")
    small = shrink(failed)
    assert small.check == "I1"
    assert len(small.schedule.faults) < len(failed.schedule.faults)
    assert "VIOLATION I1" in small.timeline[-1]


def test_schedules_are_data_drawn_from_the_seed_alone() -> None:
    assert make_schedule(5) == make_schedule(5) != make_schedule(6)
    assert isinstance(make_schedule(5), Schedule)
    assert json.dumps([fault.kind for fault in make_schedule(5).faults])
