"""A person's own job under trouble: what a guard is good for, and what a cached copy of the Lease does."""

import pytest

from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.trial import Result, try_out
from leader_sidecar.lab.trial_cases import CASES
from leader_sidecar.lab.trial_job import Job

ROUNDS = 6


def tried(*, cached: bool, guarded: bool) -> dict[str, Result]:
    results = try_out(Job(Timing(), cached, guarded), ROUNDS, lambda runs: True)
    assert [one.runs for one in results] == [ROUNDS] * len(CASES)
    assert [one.broken for one in results if one.broken] == []
    return {one.case.name: one for one in results}


@pytest.mark.parametrize("cached", [False, True])
def test_with_a_guard_nothing_is_done_twice_whatever_happens(cached: bool) -> None:
    results = tried(cached=cached, guarded=True)
    assert {name: one.twice for name, one in results.items() if one.twice} == {}
    assert sum(one.refused for one in results.values()) > 0
    assert all(one.done > 100 for one in results.values())


def test_without_a_guard_only_sleepers_and_clocks_beyond_the_promise_do_work_twice() -> None:
    results = tried(cached=False, guarded=False)
    harmed = {name for name, one in results.items() if one.twice}
    assert "the leader's pod is frozen, 1-60 s" in harmed
    assert harmed <= {
        "the leader's pod is frozen, 1-60 s",
        "its machine is suspended, 1-60 s",
        "cut off, a clock off by up to half or twice",
    }


def test_a_cached_copy_without_a_guard_does_work_twice_for_as_long_as_the_leader_is_cut_off() -> None:
    cut = "the leader is cut off, 1-60 s"
    assert tried(cached=True, guarded=False)[cut].twice > 5 * ROUNDS
    assert tried(cached=False, guarded=False)[cut].twice == 0


def test_gaps_are_what_the_timing_says() -> None:
    results, timing = tried(cached=False, guarded=True), Timing()
    crash = results["the leader's pod dies, another comes"].gaps_s
    assert all(timing.lease_duration_s - timing.renew_interval_s <= gap_s <= timing.lease_duration_s for gap_s in crash)
    assert max(results["a rollout ends the leader gently"].gaps_s) < 0.2
    cut = [gap_s for gap_s in results["the leader is cut off, 1-60 s"].gaps_s if gap_s]
    assert max(cut) == pytest.approx(timing.lease_duration_s - timing.renew_deadline_s, abs=0.1)


def test_it_ends_when_it_is_told_to_and_repeats_itself() -> None:
    job = Job(Timing())
    some = try_out(job, 10, lambda runs: runs < 3)
    assert [one.runs for one in some][:4] == [1, 1, 1, 0]
    again = try_out(job, 1, lambda runs: True)
    assert [(one.gaps_s, one.done) for one in again][:3] == [(one.gaps_s, one.done) for one in some][:3]
