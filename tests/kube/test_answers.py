"""What is read from an answer: this Lease, a Status, or neither; and the words of a refusal."""

from __future__ import annotations

import json

import pytest

from kube.fake_api import ABSENT, lease, status
from leader_sidecar.core.record import Malformed, Record
from leader_sidecar.kube.answers import (
    LeaseName,
    decode,
    message_of,
    read_record,
    refusal,
    says_lease_is_absent,
    status_object,
)

PAYOUTS = LeaseName("default", "payouts")


def test_paths_are_percent_encoded() -> None:
    odd = LeaseName("a/b", "c?d")
    assert odd.path == "/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/c%3Fd"
    assert PAYOUTS.collection_path == "/apis/coordination.k8s.io/v1/namespaces/default/leases"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "more than 1 MiB"),
        (b"", "not JSON"),
        (b'{"kind": "Lea', "not JSON"),
        (b"  <html>", "not JSON but HTML"),
        (b"\xff\xff", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"9" * 5000, "not JSON"),
    ],
)
def test_bytes_that_are_no_json_are_malformed_whatever_they_are(body: bytes | None, reason: str) -> None:
    assert decode(body) == Malformed(reason)


def test_deep_nesting_is_malformed_and_no_crash() -> None:
    for depth in range(800, 1000):  # among them one that decodes and is then too deep for the record
        text = json.dumps(lease(extra="x")).replace('"x"', "[" * depth + "]" * depth)
        assert isinstance(read_record(PAYOUTS, decode(text.encode())), Record | Malformed)


def test_this_lease_is_a_record_and_another_is_not() -> None:
    assert isinstance(read_record(PAYOUTS, lease()), Record)
    other = read_record(PAYOUTS, lease(name="reports"))
    assert other == Malformed("another Lease: default/reports")
    assert isinstance(read_record(LeaseName("elsewhere", "payouts"), lease()), Malformed)


@pytest.mark.parametrize("value", [None, [], "text", 7, {}, {"kind": "Pod"}, Malformed("broken"), ABSENT])
def test_other_values_are_no_record(value: object) -> None:
    assert isinstance(read_record(PAYOUTS, value), Malformed)


@pytest.mark.parametrize("value", [None, [], {}, {"kind": "Status", "status": "Success"}, lease()])
def test_only_a_failed_status_is_a_status(value: object) -> None:
    assert status_object(value) is None
    assert status_object(ABSENT) is ABSENT


@pytest.mark.parametrize(
    ("document", "absent"),
    [
        (ABSENT, True),
        (status(404, "NotFound"), True),
        (status(404, "NotFound", name="payouts", kind="Lease"), True),
        (status(404, "NotFound", name="default", kind="namespaces"), False),
        (status(404, "NotFound", name="reports", kind="leases"), False),
        (status(404, "NotFound") | {"details": "none"}, False),
        (status(404, "Gone"), False),
        (None, False),
    ],
)
def test_only_a_not_found_for_this_lease_says_that_it_is_absent(
    document: dict[str, object] | None, absent: bool
) -> None:
    assert says_lease_is_absent(PAYOUTS, document) is absent


def test_refusals_say_which_verb_on_what_and_the_one_thing_to_do() -> None:
    asked = 'get leases.coordination.k8s.io "payouts" in namespace "default"'
    rbac = status(
        403, "Forbidden", 'leases "payouts" is forbidden: User "system:serviceaccount:default:app" cannot get'
    )
    assert refusal(PAYOUTS, "get", 403, rbac) == (
        f"403 for {asked} as system:serviceaccount:default:app: "
        "allow the verb get in its Role (leader-sidecar doctor prints the command)"
    )
    assert refusal(PAYOUTS, "get", 403, None) == (
        f"403 for {asked}: allow the verb get in its Role (leader-sidecar doctor prints the command)"
    )
    assert refusal(PAYOUTS, "get", 401, None) == (
        f"401 for {asked}: the token is not accepted: mount a valid one (leader-sidecar doctor checks it)"
    )
    assert refusal(PAYOUTS, "get", 422, status(422, "Invalid", "spec is\nwrong")) == f"422 for {asked}: spec is wrong"
    assert refusal(PAYOUTS, "get", 418, None) == f"418 for {asked}: no reason given"


def test_a_403_that_is_not_rbacs_keeps_its_own_words() -> None:
    denied = status(403, "Forbidden", 'admission webhook "policy" denied the request: no')
    assert refusal(PAYOUTS, "update", 403, denied).endswith('admission webhook "policy" denied the request: no')


def test_message_is_one_line_of_bounded_length() -> None:
    assert message_of(status(500, "x", "a\n b\t c" + "d" * 1000))[:8] == "a b cddd"
    assert len(message_of(status(500, "x", "d" * 1000))) == 300
    assert message_of(status(500, "x") | {"message": 7}) == ""
    assert message_of(None) == ""
