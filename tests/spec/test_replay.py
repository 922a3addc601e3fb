"""Runs of the laboratory are behaviours of the model, step by step; altered ones are not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from leader_sidecar.lab.schedule import make_schedule
from spec.recorder import NotModelled, Run, Step, record
from spec.replaying import replay

SEEDS = (1, 2, 3, 4, 6, 12, 16, 18, 23, 24, 30)
"""Chosen for their faults; `test_the_runs_have_the_faults_that_matter` says which."""

RESTORED = 0
"""A seed in which etcd is restored, which the model leaves out."""

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [record(make_schedule(seed)) for seed in SEEDS]


def test_every_step_of_every_run_is_a_step_of_the_model(runs: list[Run], tmp_path: Path) -> None:
    folders = [tmp_path / str(run.seed) for run in runs]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        replayed = list(pool.map(replay, runs, folders))
    assert [(one.steps, one.violated) for one in replayed] == [(len(run.steps), "") for run in runs]
    steps = sum(len(run.steps) for run in runs)
    assert steps > 5_000
    print(f"{steps} steps of {len(runs)} runs, {sum(run.terms for run in runs)} terms, are the model's")


def test_the_runs_have_the_faults_that_matter(runs: list[Run]) -> None:
    struck = {fault for run in runs for fault in run.struck}
    assert struck >= {
        "lease_deleted",
        "lease_made_again",
        "lease_wiped",
        "kill",
        "gentle_stop",
        "resign",
        "freeze",
        "pod_frozen",
        "app_paused",
        "suspend",
        "request_dropped",
        "response_dropped",
        "response_delayed",
        "http_503_applied",
        "rate_changes",
        "token_edited",
    }
    done = {step["do"] for run in runs for step in run.steps}
    assert done >= {"Restart", "Release", "DeleteLease", "EditLease", "StepDown", "WatchShows", "GuardReceives"}
    assert any(step.get("acknowledged") is False for run in runs for step in run.steps)


def _token(steps: list[Step], index: int, token: int) -> None:
    """Let the token write that took effect here have carried another token."""
    steps[index]["lease"]["token"] = token


def _repeated_token(steps: list[Step]) -> int:
    stamps = {step["stamp"] for step in steps if step["do"] == "WriteToken"}
    first, second = [i for i, s in enumerate(steps) if s["do"] == "TakeEffect" and s["stamp"] in stamps][:2]
    _token(steps, second, steps[first]["lease"]["token"])
    return second


def _early_claim(steps: list[Step]) -> int:
    index = [i for i, step in enumerate(steps) if step["do"] == "Claim"][-1]
    steps[index]["waited"] = False
    return index


def _lead_without_proof(steps: list[Step]) -> int:
    index = next(i for i, step in enumerate(steps) if step.get("known", {}).get("term", (0, 0)) != (0, 0))
    proof = max(i for i, step in enumerate(steps[: index + 1]) if step["do"] == "TakeEffect")
    steps[proof]["acknowledged"] = False
    return index


def _old_version_taken(steps: list[Step]) -> int:
    first, second = [i for i, step in enumerate(steps) if step["do"] == "TakeEffect"][:2]
    steps[second]["stamp"] = steps[first]["stamp"]
    return second


def _guard_that_forgets(steps: list[Step]) -> int:
    index = [i for i, step in enumerate(steps) if step["do"] == "GuardReceives"][-1]
    steps[index]["mark"] -= 1
    return index


@pytest.mark.parametrize(
    "alter", [_repeated_token, _early_claim, _lead_without_proof, _old_version_taken, _guard_that_forgets]
)
def test_an_altered_run_is_refused_where_it_was_altered(alter: Callable[[list[Step]], int], tmp_path: Path) -> None:
    run = record(make_schedule(36))
    steps = copy.deepcopy(run.steps)
    index = alter(steps)
    replayed = replay(Run(run.seed, steps[: index + 1]), tmp_path)
    assert (replayed.steps, replayed.violated) == (index, "")


def test_what_the_model_leaves_out_is_said_and_not_passed_over() -> None:
    with pytest.raises(NotModelled):
        record(make_schedule(RESTORED))
