"""What is read from a Lease's versions, and from an audit log's lines."""

from __future__ import annotations

import json

import pytest

from bench.audit import count
from bench.history import Version, is_overwritten, lateness_s


def held(holder: str, *renewed_s: float) -> list[Version]:
    return [Version(holder, at_s) for at_s in renewed_s]


def test_a_successor_that_keeps_the_lease_was_not_overwritten() -> None:
    assert not is_overwritten([*held("a", 0, 5), *held("b", 20, 25, 30)], "b")
    assert not is_overwritten(held("a", 0, 5), "b")


@pytest.mark.parametrize("wiper", ["", "a", "c"])
def test_a_successor_whose_holder_is_gone_was_overwritten_even_if_it_comes_back(wiper: str) -> None:
    assert is_overwritten([*held("a", 0, 5), *held("b", 20), *held(wiper, 25), *held("b", 27)], "b")


def test_renewals_in_time_are_late_by_nothing() -> None:
    late = lateness_s(held("a", 0, 5, 10, 15), "a", 5.0, since_s=4.0, until_s=16.0)
    assert late == [0.0, 0.0, 0.0]


def test_a_late_renewal_and_one_that_never_came_both_count() -> None:
    versions = [*held("a", 0, 5, 11.5), *held("b", 13)]
    assert lateness_s(versions, "a", 5.0, since_s=4.0, until_s=12.0) == pytest.approx([0.0, 1.5])
    assert lateness_s(versions, "a", 5.0, since_s=4.0, until_s=20.0) == pytest.approx([0.0, 1.5, 3.5])


def test_renewals_before_and_after_the_load_do_not_count_but_the_one_under_way_does() -> None:
    versions = held("a", 0, 9, 14, 30)
    assert lateness_s(versions, "a", 5.0, since_s=8.0, until_s=15.0) == pytest.approx([4.0, 0.0])
    assert lateness_s(versions, "a", 5.0, since_s=10.0, until_s=15.0) == pytest.approx([0.0])


def line(user: str, at: str, stage: str = "RequestReceived") -> str:
    return json.dumps({"stage": stage, "requestReceivedTimestamp": at, "user": {"username": user}}) + "\n"


def test_requests_count_for_their_own_account_within_the_time() -> None:
    lines = [
        line("sa:one", "1970-01-01T00:00:09.999999Z"),
        line("sa:one", "1970-01-01T00:00:10.000000Z"),
        line("sa:one", "1970-01-01T00:00:11.000000Z", "ResponseComplete"),
        line("sa:one-more", "1970-01-01T00:00:12.000000Z"),
        line("sa:one", "1970-01-01T00:00:19.000000Z"),
        line("sa:one", "1970-01-01T00:00:20.000000Z"),
        line("sa:one", "1970-01-01T00:00:15.000000Z")[:-5],
    ]
    assert count(lines, "sa:one", 10.0, 20.0) == 2
