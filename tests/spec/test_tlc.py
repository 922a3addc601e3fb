"""What is read from TLC, and what the check makes of it."""

from __future__ import annotations

from collections import Counter

import pytest

from spec import check
from spec.configurations import CONFIGURATIONS, Configuration
from spec.tlc import SPEC, Result, TlcFailed, read_result, run_tlc

GOOD = """Model checking completed. No error has been found.
The coverage statistics at 2026-11-28 11:32:00
<Init line 288, col 1 to line 288, col 4 of module LeaseElection>: 1:1
<StepDown line 219, col 1 to line 219, col 11 of module LeaseElection>: 0:0
The coverage statistics at 2026-11-28 11:32:50
<Init line 288, col 1 to line 288, col 4 of module LeaseElection>: 1:1
<StepDown line 219, col 1 to line 219, col 11 of module LeaseElection>: 3:12,050
<DeleteLease line 251, col 1 to line 251, col 11 of module LeaseElection>: 0:0
End of statistics.
2,480 states generated, 619 distinct states found, 0 states left on queue.
The depth of the complete state graph search is 25.
"""
BROKEN = """Error: Invariant I1_OneLeader is violated.
Error: The behavior up to this point is:
120 states generated, 80 distinct states found, 33 states left on queue.
"""


def result(*, distinct: int = 10, left: int = 0, violated: str = "") -> Result:
    return Result(generated=100, distinct=distinct, left=left, depth=5, violated=violated)


def test_counts_and_the_last_coverage_are_read() -> None:
    read = read_result(GOOD)
    assert (read.generated, read.distinct, read.left, read.depth, read.violated) == (2480, 619, 0, 25, "")
    assert read.actions == {"StepDown": 12050, "DeleteLease": 0}


def test_a_violation_is_read() -> None:
    read = read_result(BROKEN)
    assert (read.violated, read.left, read.depth) == ("I1_OneLeader", 33, 0)


@pytest.mark.parametrize("text", ["", "Error: Parsing or semantic analysis failed.\n", GOOD + "Error: out of memory\n"])
def test_what_is_no_result_is_told(text: str) -> None:
    with pytest.raises(TlcFailed):
        read_result(text)


def test_a_good_configuration_must_hold_be_finished_and_be_large_enough() -> None:
    good = Configuration("good", "M", "", at_least=10)
    assert check.faults_of(good, result()) == []
    assert check.faults_of(good, result(distinct=9)) == ["good: 9 distinct states, fewer than 10"]
    assert check.faults_of(good, result(left=3)) == ["good: 3 states were left"]
    assert check.faults_of(good, result(violated="I2")) == ["good had to break nothing, and broke I2"]


def test_a_broken_configuration_must_break_what_it_is_to_break() -> None:
    broken = Configuration("broken", "M", "", breaks="I1")
    assert check.faults_of(broken, result(violated="I1", left=7)) == []
    assert check.faults_of(broken, result(violated="I2")) == ["broken had to break I1, and broke I2"]
    assert check.faults_of(broken, result()) == ["broken had to break I1, and broke nothing"]


def test_an_action_that_is_never_taken_is_named() -> None:
    taken = Counter({("M", "Renew"): 3, ("M", "Release"): 0})
    assert check.never_taken(taken) == ["M: no configuration takes Release"]


def test_a_missing_java_is_one_line_that_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TlcFailed, match=r"^java is missing.*apt-get install \S+$"):
        run_tlc(SPEC / "LeaseElection.tla", SPEC / "election.cfg")


def test_every_configuration_has_its_file_and_every_file_its_row() -> None:
    assert {f"{one.name}.cfg" for one in CONFIGURATIONS} == {path.name for path in SPEC.glob("*.cfg")}
    assert {f"{one.module}.tla" for one in CONFIGURATIONS} | {"Replay.tla"} == {
        path.name for path in SPEC.glob("*.tla")
    }
