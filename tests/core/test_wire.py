"""What is written: our own fields, and every other as it was (I11)."""

import copy
import re
from typing import Any

import pytest

from core.play import lease
from leader_sidecar.core.record import Record, parse_record
from leader_sidecar.core.wire import claim_body, create_body, micro_time, release_body, renew_body


def foreign() -> dict[str, Any]:
    body = lease(rv=7, holder="x", token=6, released=6, duration=15, transitions=3)
    body["apiVersion"], body["kind"] = "coordination.k8s.io/v1", "Lease"
    body["metadata"] |= {
        "labels": {"app": "payouts"},
        "ownerReferences": [{"name": "owner"}],
        "finalizers": ["example.com/keep"],
        "managedFields": [{"manager": "helm"}],
    }
    body["metadata"]["annotations"]["example.com/note"] = "keep"
    body["spec"]["strategy"] = "OldestEmulationVersion"
    return body


def parsed(body: dict[str, Any]) -> Record:
    found = parse_record(body)
    assert isinstance(found, Record)
    return found


WRITES = {
    "claim": lambda record: claim_body(record, "me", 15, "T"),
    "renew": lambda record: renew_body(record, 15, "T", 9),
    "release": lambda record: release_body(record, "T", 9),
    "release without a term": lambda record: release_body(record, "T", 0),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_is_not_ours_stays(name: str) -> None:
    before = foreign()
    untouched = copy.deepcopy(before)
    written = WRITES[name](parsed(before))
    assert before == untouched, "the record itself was changed"
    assert written["metadata"]["labels"] == {"app": "payouts"}
    assert written["metadata"]["ownerReferences"] == [{"name": "owner"}]
    assert written["metadata"]["finalizers"] == ["example.com/keep"]
    assert written["metadata"]["annotations"]["example.com/note"] == "keep"
    assert written["spec"]["strategy"] == "OldestEmulationVersion"
    assert (written["metadata"]["uid"], written["metadata"]["resourceVersion"]) == ("a", "7")


def test_a_claim_writes_who_and_leaves_the_token() -> None:
    written = parsed(claim_body(parsed(foreign()), "me", 15, "T"))
    assert (written.holder, written.token, written.released, written.transitions) == ("me", 6, False, 4)
    assert written.acquire_time == written.renew_time == "T"


def test_a_renewal_writes_the_token_and_keeps_the_acquisition() -> None:
    written = parsed(renew_body(parsed(claim_body(parsed(foreign()), "me", 15, "T")), 15, "U", 9))
    assert (written.holder, written.token, written.acquire_time, written.renew_time) == ("me", 9, "T", "U")


def test_a_release_says_that_its_term_is_over() -> None:
    written = parsed(release_body(parsed(foreign()), "T", 9))
    assert written.released
    assert (written.holder, written.duration_s, written.token) == ("", 1, 9)


def test_a_release_without_a_term_claims_no_end() -> None:
    written = parsed(release_body(parsed(foreign()), "T", 0))
    assert not written.released
    assert written.token == 6


def test_a_lease_is_created_unheld() -> None:
    assert create_body("default", "payouts")["spec"] == {}


@pytest.mark.parametrize("wall_us", [0, 1, 1_767_225_600_000_000, 10**18, -5])
def test_times_have_exactly_six_digits(wall_us: int) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", micro_time(wall_us))


def test_a_microsecond_tells_two_times_apart() -> None:
    assert micro_time(1_767_225_600_000_000) == "2026-01-01T00:00:00.000000Z"
    assert micro_time(1_767_225_600_000_001) == "2026-01-01T00:00:00.000001Z"
