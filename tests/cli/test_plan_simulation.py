"""`plan --simulate`: what it asks, when it asks nothing, and what it says."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.conftest import PACKAGES
from leader_sidecar.cli import plan_simulation
from leader_sidecar.lab.trial_cases import CASES


@pytest.fixture(autouse=True)
def _few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_simulation, "ROUNDS", 2)


def test_a_sound_choice_tells_each_trouble_and_what_would_break_it(call: Callable[..., Any]) -> None:
    ended = call("plan", "--simulate")
    assert (ended.code, ended.err) == (0, "")
    assert all(case.name in ended.out for case in CASES)
    assert f"{2 * len(CASES)} runs with the real election" in ended.out
    assert "Reads: quorum. Token check: guard." in ended.out
    assert "done twice  0 of " in ended.out
    assert "What would break it" in ended.out
    assert "pause of the leader over 4.9s" in ended.out


def test_work_done_twice_is_exit_1_with_its_causes(call: Callable[..., Any]) -> None:
    ended = call("plan", "--simulate", "--quorum-rule", "cached", "--token-check", "none")
    assert ended.code == 1
    assert "the leader is cut off, 1-60 s: " in ended.out
    assert "--quorum-rule quorum ends it" in ended.out
    assert "--token-check guard ends it" in ended.out


def test_programs_get_one_document(call: Callable[..., Any]) -> None:
    document = json.loads(call("plan", "--simulate", "--json", "--lease-duration", "30s").out)
    assert document["timing"]["lease_duration_s"] == 30
    assert (document["quorum_rule"], document["token_check"]) == ("quorum", "guard")
    assert [case["case"] for case in document["cases"]] == [case.name for case in CASES]
    assert {case["runs"] for case in document["cases"]} == {2}
    assert all(case["units_done_twice"] == 0 and case["broken"] == [] for case in document["cases"])


def test_a_renew_deadline_that_nobody_chose_is_fitted(call: Callable[..., Any]) -> None:
    ended = call("plan", "--simulate", "--lease-duration", "6s")
    assert ended.code == 0
    assert "--lease-duration 6s  --renew-deadline 3.7s" in ended.out


def test_unsound_numbers_are_told_and_not_tried(call: Callable[..., Any]) -> None:
    ended = call("plan", "--simulate", "--lease-duration", "6s", "--renew-deadline", "9s")
    assert ended.code == 1
    assert "two leaders could overlap" in ended.out
    assert "runs with the real election" not in ended.out


def test_its_flags_go_with_simulate_only(call: Callable[..., Any]) -> None:
    ended = call("plan", "--token-check", "none", "--quorum-rule", "cached")
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "leader-sidecar plan: --quorum-rule goes with --simulate",
        "leader-sidecar plan: --token-check goes with --simulate",
    ]


def test_it_ends_in_time_however_slow_the_machine(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_simulation, "LONGEST_S", 0.0)
    ended = call("plan", "--simulate", "--json")
    assert ended.code == 0
    assert {case["runs"] for case in json.loads(ended.out)["cases"]} == {0}


FEW = "from leader_sidecar.cli import plan_simulation; plan_simulation.ROUNDS = 1"
CODE = f"{FEW}; from leader_sidecar.cli.main import main; raise SystemExit(main())"


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *argv: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, "plan", "--simulate", *argv],
            env={**os.environ, "PYTHONPATH": PACKAGES, "TERM": "dumb", "COLUMNS": "120"},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
        )
        os.close(theirs)
        self.shown = ""

    def answer(self, prompt: str, line: str) -> None:
        """Wait for a prompt, and type a line."""
        seen = len(self.shown)
        while prompt not in self.shown[seen:]:
            ready, _, _ = select.select([self._ours], [], [], 60.0)
            assert ready, f"no prompt {prompt!r} after: {self.shown}"
            self.shown += os.read(self._ours, 4096).decode()
        os.write(self._ours, line.encode() + b"\n")

    def end(self) -> str:
        out, _ = self.process.communicate(timeout=60)
        return out

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=10)
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def run(*argv: str) -> Terminal:
        made.append(Terminal(*argv))
        return made[-1]

    yield run
    for one in made:
        one.close()


def test_on_a_terminal_it_asks_for_what_no_flag_says(terminal: Callable[..., Terminal]) -> None:
    asked = terminal("--token-check", "none")
    asked.answer("lease-duration [15s]: ", "9")
    asked.answer("is not a duration: write 9s", "9s")
    asked.answer("renew-interval [5s]: ", "2s")
    asked.answer("quorum-rule [quorum]: ", "")
    out = asked.end()
    assert "token-check [" not in asked.shown
    assert "--lease-duration 9s  --renew-deadline 6.5s  --renew-interval 2s" in out
    assert "Reads: quorum. Token check: none." in out


def test_elsewhere_it_never_asks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, "plan", "--simulate"],
        env={**os.environ, "PYTHONPATH": PACKAGES},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--lease-duration 15s  --renew-deadline 10s" in done.stdout
