"""The answer: computed at the moment of asking, from the state and the clock alone."""

import pytest

from core.play import record
from core.test_elector import FOLLOWING, LEADING, play
from leader_sidecar.core.state import State
from leader_sidecar.core.status import answer, verifies


def state_after(*commands: str) -> State:
    played, _ = play(*commands)
    assert played.state is not None
    return played.state


@pytest.mark.parametrize("now_s", [-1.0, 10.0, 10.001, 1e9])
def test_before_the_sending_and_from_the_deadline_on_it_is_false(now_s: float) -> None:
    assert not answer(state_after(*LEADING), now_s).is_leader


def test_what_is_left_is_rounded_down() -> None:
    assert answer(state_after(*LEADING), 9.9999).valid_for_s == 0.0
    assert answer(state_after(*LEADING), 1.7855).valid_for_s == 8.214


def test_a_name_is_ours_only_while_we_lead() -> None:
    state = state_after(*LEADING)
    leading, lapsed = answer(state, 1.0), answer(state, 11.0)
    assert leading.leader is not None
    assert leading.leader.name == leading.self_name
    assert lapsed.leader is None


def test_an_earlier_process_of_our_pod_is_shown_by_identity() -> None:
    twin = "payouts-0_u0_ffffffffffffffff"
    told = answer(state_after("candidate", "started", f"read found rv=7 holder={twin} duration=15 token=6"), 1.0)
    assert told.leader is not None
    assert told.leader.name == twin


def test_a_foreign_elector_is_shown_by_identity_and_without_a_token() -> None:
    told = answer(state_after("candidate", "started", "read found rv=7 holder=web-1_4f3c duration=15 token=6"), 1.0)
    assert told.leader is not None
    assert (told.leader.name, told.leader.token) == ("web-1_4f3c", None)


def test_a_record_that_has_lapsed_has_no_leader() -> None:
    state = state_after(*FOLLOWING)
    assert answer(state, 14.9).leader is not None
    assert answer(state, 15.0).leader is None


def test_a_verifying_read_must_show_this_very_term() -> None:
    state = state_after(*LEADING)
    me = state.config.identity
    assert verifies(state, record(rv=7, holder=me, token=7)) is True
    assert verifies(state, record(rv=9, holder=me, token=7, label="x")) is True
    assert verifies(state, record(rv=9, holder=me, token=8)) is False
    assert verifies(state, record(rv=9, holder="x", token=7)) is False
    assert verifies(state, record(rv=9, uid="b", holder=me, token=7)) is False


def test_a_read_below_the_proof_decides_nothing() -> None:
    state = state_after(*LEADING)
    assert verifies(state, record(rv=6, holder=state.config.identity, token=7)) is None


def test_who_does_not_lead_verifies_nothing() -> None:
    assert verifies(state_after(*FOLLOWING), record(rv=9)) is False
