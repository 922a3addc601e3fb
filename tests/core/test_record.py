"""Reading a Lease: what is taken, what is refused, and what counts as a change."""

from typing import Any

import pytest

from core.play import lease, record
from leader_sidecar.core.record import Malformed, parse_record


def changed(**parts: Any) -> dict[str, Any]:
    body = lease(rv=7, holder="x", token=6)
    for path, value in parts.items():
        target = body
        *folders, name = path.split("__")
        for folder in folders:
            target = target[folder]
        target[name] = value
    return body


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "<html>",
        {},
        {"metadata": {}},
        changed(kind="Pod"),
        changed(metadata=[]),
        changed(spec="x"),
        changed(metadata__annotations=["x"]),
        changed(metadata__uid=""),
        changed(metadata__uid=7),
        changed(metadata__resourceVersion=7),
        changed(metadata__resourceVersion="0x7"),
        changed(metadata__resourceVersion="-7"),
        changed(metadata__resourceVersion="٧"),
        changed(metadata__resourceVersion="9" * 20),
        changed(spec__holderIdentity=7),
        changed(spec__renewTime=7),
        changed(spec__leaseDurationSeconds="15"),
        changed(spec__leaseDurationSeconds=-1),
        changed(spec__leaseDurationSeconds=2**31),
        changed(spec__leaseDurationSeconds=True),
        changed(spec__leaseTransitions=1.5),
    ],
)
def test_what_cannot_be_read_safely_is_malformed_with_a_reason(body: object) -> None:
    parsed = parse_record(body)
    assert isinstance(parsed, Malformed)
    assert parsed.reason


@pytest.mark.parametrize("body", [changed(spec=None), changed(metadata__annotations=None), changed(kind="Lease")])
def test_absent_parts_are_an_unheld_lease(body: object) -> None:
    assert not isinstance(parse_record(body), Malformed)


@pytest.mark.parametrize("text", ["", "0", "-1", "+7", " 7", "07", "7.0", "9007199254740992", "99999999999999999", "٧"])
def test_an_annotation_that_is_no_token_counts_as_none(text: str) -> None:
    found = record(rv=7, token=text)
    assert found.token == 0
    assert found.token_garbled


def test_the_largest_token_is_one() -> None:
    assert record(rv=7, token=2**53 - 1).token == 2**53 - 1


def test_released_takes_an_empty_holder_and_a_mark_that_equals_the_token() -> None:
    assert record(rv=7, token=6, released=6).released
    assert not record(rv=7, token=6, released=5).released
    assert not record(rv=7, token=6).released
    assert not record(rv=7, token=6, released=6, holder="x").released
    assert not record(rv=7, released=0).released


def test_a_change_is_one_of_uid_spec_or_token_and_nothing_else() -> None:
    key = record(rv=7, holder="x", token=6).change_key
    assert record(rv=8, holder="x", token=6, label="other", released=3).change_key == key
    for other in ({"uid": "b"}, {"token": 7}, {"holder": "y"}, {"renew": "2026"}, {"duration": 9}):
        assert record(**{"rv": 7, "holder": "x", "token": 6, **other}).change_key != key
