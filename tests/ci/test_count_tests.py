"""The count that `.ci/run` ends with: it fails on every way in which tests can be missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "count-tests"
CASES = {
    "passed": "<testcase classname='c' name='p'/>",
    "failed": "<testcase classname='c' name='f'><failure message='m'/></testcase>",
    "error": "<testcase classname='c' name='e'><error message='m'/></testcase>",
    "skipped": "<testcase classname='c' name='s'><skipped type='pytest.skip' message='no docker'/></testcase>",
    "xfailed": "<testcase classname='c' name='x'><skipped type='pytest.xfail' message='known bug'/></testcase>",
}
Count = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def count(tmp_path: Path) -> Count:
    """Give an action that counts two files of the stage `check`, of which three tests must pass."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci")
    (tmp_path / ".ci" / "minimum-tests").write_text("# a comment\ncheck 3\n")
    folder = tmp_path / "build" / "reports" / "check"
    folder.mkdir(parents=True)

    def run(cases: str, *faults: str) -> tuple[int, list[str]]:
        for number, part in enumerate((cases.split()[:1], cases.split()[1:])):
            found = "".join(CASES[name] for name in part)
            (folder / f"{number}.xml").write_text(f"<testsuites><testsuite>{found}</testsuite></testsuites>")
        command = [sys.executable, str(tmp_path / ".ci" / "count-tests"), "61", *faults]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    return run


def test_enough_that_passed_are_summed_over_all_reports(count: Count) -> None:
    assert count("passed passed passed passed") == (
        0,
        ["check: 4 passed (at least 3 must pass)", "==== 4 passed in 61.00s ===="],
    )


def test_too_few_are_a_fault(count: Count) -> None:
    code, lines = count("passed passed")
    assert (code, lines[-1]) == (1, "==== FAILED: 2 passed in 61.00s ====")
    assert lines[1] == "fault: check: 2 passed, fewer than the 3 of .ci/minimum-tests"


@pytest.mark.parametrize(
    ("outcome", "summary"),
    [("failed", "1 failed, 3 passed"), ("error", "1 errors, 3 passed"), ("skipped", "1 skipped, 3 passed")],
)
def test_what_did_not_pass_is_a_fault_however_many_did(count: Count, outcome: str, summary: str) -> None:
    code, lines = count(f"{outcome} passed passed passed")
    assert (code, lines[-1]) == (1, f"==== FAILED: {summary} in 61.00s ====")


def test_what_was_expected_to_fail_is_named(count: Count) -> None:
    code, lines = count("passed passed passed xfailed")
    assert code == 1
    assert lines[1] == "fault: not run to its end, which is not allowed here: c::x: known bug"


def test_a_fault_of_the_run_fails_it_though_all_passed(count: Count) -> None:
    code, lines = count("passed passed passed", "stage test took longer than 900 s")
    assert (code, lines[1]) == (1, "fault: stage test took longer than 900 s")
