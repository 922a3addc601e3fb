"""Who leads by what was seen of a Lease, counted on the operator's own clock."""

from __future__ import annotations

from typing import Any

from leader_sidecar.core.record import TOKEN_ANNOTATION, Record, parse_record
from leader_sidecar.operator.sighting import Sighting

D_S = 15.0
HOLDER = "payouts-0_7a1f_0123456789abcdef"
CLAIMED = "2026-11-28T10:00:00.000000Z"


def record(version: int, *, renewed: int = 5, holder: str = HOLDER, token: int = 41, **more: Any) -> Record:
    spec = {
        "holderIdentity": holder,
        "acquireTime": CLAIMED,
        "renewTime": f"2026-11-28T10:00:{renewed:02d}.000000Z",
        "leaseDurationSeconds": 15,
    }
    metadata = {"uid": "u", "resourceVersion": str(version), "annotations": {TOKEN_ANNOTATION: str(token)}}
    read = parse_record({"metadata": metadata | more, "spec": spec})
    assert isinstance(read, Record)
    return read


def leader_of(sighting: Sighting, now_s: float, lapsed_version: str = "") -> str:
    leader = sighting.leader(now_s, D_S, lapsed_version)
    return leader.pod_name if leader else ""


def test_a_claim_is_no_leader_and_the_write_that_follows_is_news() -> None:
    sighting = Sighting()
    assert sighting.show(record(7, renewed=0), 0.0)
    assert leader_of(sighting, 1.0) == ""
    assert sighting.show(record(8), 1.0)
    assert leader_of(sighting, 1.0) == "payouts-0"


def test_a_renewal_is_no_news_but_puts_off_the_lapse() -> None:
    sighting = Sighting()
    sighting.show(record(7), 0.0)
    assert not sighting.show(record(8, renewed=10), 10.0)
    assert leader_of(sighting, 24.9) == "payouts-0"
    assert leader_of(sighting, 25.0) == ""
    assert sighting.lapsed(25.0, D_S, "")


def test_labels_that_somebody_changes_put_off_nothing() -> None:
    sighting = Sighting()
    sighting.show(record(7), 0.0)
    assert not sighting.show(record(8, labels={"team": "pay"}), 10.0)
    assert leader_of(sighting, 15.0) == ""


def test_the_longer_of_the_two_durations_counts() -> None:
    sighting = Sighting()
    sighting.show(record(7), 0.0)
    assert sighting.leader(29.9, 30.0, "") is not None
    assert sighting.leader(14.9, 3.0, "") is not None


def test_what_another_operator_saw_lapse_is_not_waited_for_anew_until_it_changes() -> None:
    sighting = Sighting()
    sighting.show(record(7), 0.0)
    assert leader_of(sighting, 0.0, lapsed_version="7") == ""
    sighting.show(record(8, renewed=10), 1.0)
    assert leader_of(sighting, 1.0, lapsed_version="7") == "payouts-0"


def test_an_older_version_of_the_same_lease_changes_nothing() -> None:
    sighting = Sighting()
    sighting.show(record(8, holder=""), 0.0)
    assert not sighting.show(record(7), 1.0)
    assert leader_of(sighting, 1.0) == ""


def test_a_lease_made_again_begins_anew_though_its_version_is_unknown() -> None:
    sighting = Sighting()
    sighting.show(record(8), 0.0)
    sighting.forget()
    assert leader_of(sighting, 0.0) == ""
    assert sighting.show(record(9, holder="", uid="v"), 1.0)
    assert not sighting.lapsed(99.0, D_S, "")
