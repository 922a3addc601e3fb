"""What is believed of a sidecar's answer, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leader_sidecar.fencing.sight import Sight, read_sight

GOOD = {"election": "a/b", "isLeader": True, "token": 418, "validForSeconds": 8.0}


def read(**changes: Any) -> Sight | None:
    return read_sight(json.dumps({**GOOD, **changes}), 100.0, 101.0)


def test_validity_counts_from_the_sending_of_the_request() -> None:
    assert read() == Sight(418, "a/b", 108.0)


def test_an_event_says_the_instant_itself() -> None:
    assert read(validUntilBoottimeSeconds=107.5) == Sight(418, "a/b", 107.5)


def test_an_instant_of_another_clock_is_bounded_by_the_arrival() -> None:
    assert read(validUntilBoottimeSeconds=1e9) == Sight(418, "a/b", 109.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"isLeader": False},
        {"isLeader": "true"},
        {"isLeader": 1},
        {"token": None},
        {"token": 0},
        {"token": 2**53},
        {"token": "418"},
        {"token": True},
        {"token": 418.0},
        {"election": None},
        {"validForSeconds": 0},
        {"validForSeconds": -1},
        {"validForSeconds": "8"},
        {"validForSeconds": True},
        {"validForSeconds": float("inf")},
        {"validForSeconds": float("nan")},
        {"validUntilBoottimeSeconds": "108"},
    ],
    ids=str,
)
def test_what_is_not_understood_is_not_leading(changes: dict[str, Any]) -> None:
    assert read(**changes) is None


@given(st.one_of(st.binary(), st.text(), st.recursive(st.none() | st.integers(), st.lists).map(json.dumps)))
def test_anything_else_is_not_leading(document: bytes | str) -> None:
    assert read_sight(document, 0.0, 0.0) is None
