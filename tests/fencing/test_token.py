"""The strict syntax of tokens and resources, and refusals that travel."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.store import MALFORMED
from leader_sidecar.fencing import MAX_TOKEN, AbsentToken, MalformedToken, StaleToken
from leader_sidecar.fencing.token import read_resource, read_token


@given(st.integers(1, MAX_TOKEN))
def test_every_token_is_read_in_every_form(token: int) -> None:
    assert read_token(token, "p") == read_token(str(token), "p") == read_token(str(token).encode(), "p") == token


@pytest.mark.parametrize("token", MALFORMED, ids=lambda token: repr(token)[:20])
def test_anything_else_is_malformed(token: object) -> None:
    with pytest.raises(MalformedToken) as refused:
        read_token(token, "p")
    assert len(str(refused.value)) < 200


@given(st.one_of(st.text(), st.binary(), st.floats(), st.integers(max_value=0)))
def test_whatever_is_read_is_in_range(token: object) -> None:
    try:
        number = read_token(token, "p")
    except MalformedToken:
        return
    text = token.decode() if isinstance(token, bytes) else token
    assert str(number) == text
    assert 1 <= number <= MAX_TOKEN


def test_no_token_is_absent_not_malformed() -> None:
    with pytest.raises(AbsentToken):
        read_token(None, "p")


@pytest.mark.parametrize("name", ["", "a b", "a\n", "ü", "x" * 191, None, b"p"])
def test_a_resource_has_a_plain_name(name: object) -> None:
    with pytest.raises(ValueError, match="names no resource"):
        read_resource(name)  # type: ignore[arg-type]


def test_a_refusal_crosses_processes() -> None:
    refusal = pickle.loads(pickle.dumps(StaleToken("payouts", 417, 418)))
    assert (refusal.resource, refusal.token, refusal.high_water) == ("payouts", 417, 418)
