"""The words of a status, and when it is written."""

from __future__ import annotations

from typing import Any

import pytest

from leader_sidecar.core.holder import Holder, read_holder
from leader_sidecar.operator.access import Fault
from leader_sidecar.operator.status import differs, new_status
from operators.test_objects import election
from operators.test_sighting import record

NOW_US = 1_795_860_000_000_000
STRANGER = Fault("LeaseHeldByAnother", "it was made by somebody else")


def status(leader: Holder | None, *, lapsed: bool = False, fault: Fault | None = None) -> dict[str, Any]:
    return new_status(election(), record(7), leader, node="node-1", lapsed=lapsed, fault=fault, wall_us=NOW_US)


def condition(of: dict[str, Any], kind: str) -> tuple[str, str]:
    return next((one["status"], one["reason"]) for one in of["conditions"] if one["type"] == kind)


@pytest.mark.parametrize(
    ("told", "ready", "has_leader"),
    [
        (status(read_holder(record(7))), ("True", "Settled"), ("True", "Leading")),
        (status(None), ("True", "Settled"), ("False", "Vacant")),
        (status(None, lapsed=True), ("True", "Settled"), ("False", "Lapsed")),
        (status(None, fault=STRANGER), ("False", "LeaseHeldByAnother"), ("Unknown", "NoLease")),
    ],
    ids=["led", "vacant", "lapsed", "strange"],
)
def test_conditions(told: dict[str, Any], ready: tuple[str, str], has_leader: tuple[str, str]) -> None:
    assert (condition(told, "Ready"), condition(told, "HasLeader")) == (ready, has_leader)


def test_a_strangers_lease_is_not_claimed_in_the_status() -> None:
    assert status(None, fault=STRANGER)["lease"]["uid"] is None
    assert status(None)["lease"]["uid"] == "u"


def test_a_lease_that_cannot_be_read_stays_on_record() -> None:
    told = new_status(election(), None, None, node="", lapsed=False, fault=None, wall_us=NOW_US)
    assert "uid" not in told["lease"]


def test_what_is_null_and_what_is_absent_do_not_differ() -> None:
    wanted = status(None)
    assert wanted["leader"] is None
    stored = {name: value for name, value in wanted.items() if value is not None}
    stored["lease"] = {"uid": "u"}
    assert not differs(stored, wanted)
    assert differs(stored | {"leader": {"pod": "payouts-0"}}, wanted)
    assert differs({}, wanted)


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = status(None)
    before = election()
    object.__setattr__(before, "status", first)
    later = NOW_US + 60_000_000
    same = new_status(before, record(8), None, node="", lapsed=True, fault=None, wall_us=later)
    other = new_status(before, record(8), read_holder(record(8)), node="", lapsed=False, fault=None, wall_us=later)
    assert [one["lastTransitionTime"] for one in same["conditions"]] == ["2026-11-28T10:00:00Z"] * 2
    assert [one["lastTransitionTime"] for one in other["conditions"]] == [
        "2026-11-28T10:00:00Z",
        "2026-11-28T10:01:00Z",
    ]
