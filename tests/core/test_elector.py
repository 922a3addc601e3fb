"""The election's rules one by one: what golden conversations do not show, and mistakes that others made."""

import pytest

from core.play import Play, record
from core.test_golden import FILES, conversation
from leader_sidecar.core import messages as m
from leader_sidecar.core.elector import FROM_ANY, STANDING, TRANSITIONS, new_state, step
from leader_sidecar.core.state import Config, Phase
from leader_sidecar.core.status import answer
from leader_sidecar.core.timing import Timing

LEADING = ("candidate", "started", "read found rv=5 token=4 released=4", "write ok", "write ok")
FOLLOWING = ("candidate", "started", "read found rv=7 holder=web-1_u_1111111111111111 duration=15 renew=B token=6")


def play(*commands: str) -> tuple[Play, str]:
    """Play commands.

    Returns:
        The play and what came of the last one.
    """
    played, said = Play(), ""
    for command in commands:
        said = played.run(command)
    return played, said


def test_unsafe_timings_make_no_candidate() -> None:
    with pytest.raises(ValueError, match="two leaders could overlap"):
        new_state(Config("default", "payouts", "payouts-0", "", "0", timing=Timing(renew_deadline_s=13.0)))


def test_nothing_comes_after_the_end() -> None:
    played, _ = play("candidate", "started", "stop")
    assert played.state is not None
    assert step(played.state, m.TimerFired(at_s=99.0, wall_us=0)) == (played.state, [])


def test_a_step_does_not_change_the_state_it_was_given() -> None:
    played, _ = play(*LEADING)
    before = played.state
    assert before is not None
    kept = dict(before.__dict__)
    step(before, m.StopRequested(at_s=1.0, wall_us=0))
    assert before.__dict__ == kept


# --- recognising what we wrote ----------------------------------------------------------------------------------------


def test_the_attempt_that_stands_is_credited_not_the_latest() -> None:
    # The first renewal is applied late, after the read that looked for it; the second then conflicts.
    played, _ = play(*LEADING, "tick")
    first, first_sent_s = played.asked, played.now_s
    assert isinstance(first, m.Write)
    for command in ("write unknown", "tick", "read found"):
        played.run(command)
    second = played.asked
    assert isinstance(second, m.Write)
    assert second.body["spec"]["renewTime"] != first.body["spec"]["renewTime"]
    assert played.now_s > first_sent_s
    played.run(f"edit rv=8 renew={first.body['spec']['renewTime']}")
    played.run("write conflict")
    played.run("read found")
    assert played.state is not None
    assert played.state.grant is not None
    assert played.state.grant.valid_until_s == first_sent_s + Timing().renew_deadline_s


def test_an_acknowledgement_on_an_old_uid_publishes_nothing() -> None:
    played, _ = play(*LEADING[:4])  # the token write is on its way
    played.run("notify rv=90 uid=b holder=- token=- acquire=- renew=-")
    asked = played.asked
    assert isinstance(asked, m.Write)
    late = m.Written(record(rv=7, uid="a", holder=asked.body["spec"]["holderIdentity"], token=7))
    assert played.state is not None
    state, effects = step(played.state, m.WriteDone(at_s=0.1, wall_us=0, number=asked.number, outcome=late))
    assert not answer(state, 0.1).is_leader
    assert not any(isinstance(effect, m.Lead) for effect in effects)


def test_a_uid_that_returns_is_a_regression_even_in_a_newer_version() -> None:
    _, said = play(*LEADING, "notify rv=20 uid=b", "tick", "read found rv=30 uid=a")
    assert "log regression" in said
    assert "suspicious; does not lead" in said


def test_the_same_version_with_other_content_is_a_regression() -> None:
    _, said = play(*FOLLOWING, "tick", "read found holder=web-2_u_2222222222222222")
    assert "log regression" in said


def test_a_put_that_changed_nothing_acknowledges_nothing() -> None:
    played, _ = play(*LEADING, "tick")
    asked = played.asked
    assert played.state is not None
    assert isinstance(asked, m.Write)
    unchanged = m.Written(played._parsed())
    state, _ = step(played.state, m.WriteDone(at_s=5.0, wall_us=0, number=asked.number, outcome=unchanged))
    assert state.grant == played.state.grant
    assert state.must_read


def test_a_record_that_names_us_without_a_grant_is_never_resumed() -> None:
    _, said = play("candidate", "started", "read found rv=9 holder=me duration=15 renew=B token=8")
    assert "claim #2" in said
    assert "does not lead" in said


def test_an_answer_that_comes_after_it_was_given_up_is_not_heard() -> None:
    played, _ = play(*LEADING, "tick")
    asked = played.asked
    played.run("tick +5s")
    assert played.state is not None
    assert isinstance(asked, m.Write)
    late = m.WriteDone(at_s=10.0, wall_us=0, number=asked.number, outcome=m.Written(record(rv=8, holder="me", token=7)))
    state, _ = step(played.state, late)
    assert state.grant is None


def test_a_read_that_is_never_answered_is_given_up() -> None:
    _, said = play("candidate", "started", "tick")
    assert "read #2" in said


def test_an_overtaken_answer_while_leading_is_asked_for_again() -> None:
    played, _ = play(*LEADING, "tick", "write lost", "tick")
    known = played.body["metadata"]["resourceVersion"]
    played.run("notify label=x rv=9")
    _ = played.run(f"read found rv={known}")
    assert "read #6" in played.run("tick")


def test_an_absence_that_the_watch_overtook_ends_nothing() -> None:
    _, said = play("candidate", "started", "notify rv=7 holder=web-1_u_1111111111111111 duration=15", "read absent")
    assert "lease_absent" not in said
    assert "leader web-1" in said


def test_an_answer_to_an_earlier_read_is_not_heard() -> None:
    played, _ = play("candidate", "started", "tick")
    assert played.state is not None
    late = m.ReadDone(at_s=4.0, wall_us=0, number=1, outcome=m.Found(record(rv=5, token=4, released=4)))
    state, effects = step(played.state, late)
    assert state.record is None
    assert effects == []


def test_no_attempt_begins_that_could_not_end_before_the_term() -> None:
    played, _ = play(*LEADING, "tick", "write unknown")
    said = played.run("tick +4.95s")
    assert "read" not in said
    assert "timer at 10.000s" in said


def test_an_old_hint_is_passed_over() -> None:
    _, said = play(*FOLLOWING, "notify rv=6 holder=web-0_u_0000000000000000")
    assert "leader web-1" in said


def test_a_hint_does_not_end_a_suspicion() -> None:
    _, said = play(*LEADING, "tick", "write lost", "tick", "read found rv=6", "notify rv=9 holder=web-1_4f3c")
    assert "suspicious" in said


def test_the_watch_showing_our_own_claim_takes_nothing_from_it() -> None:
    played, _ = play(*LEADING[:4], "notify")
    assert "Lead token=7" in played.run("write ok")


def test_a_deletion_seen_while_a_read_is_due_already_brings_no_earlier_one() -> None:
    played, _ = play(*LEADING, "tick", "write unknown")
    assert played.state is not None
    due_s = played.state.request_at_s
    played.run("notify rv=9 deleted")
    assert played.state.request_at_s == due_s


def test_a_refused_renewal_is_tried_again_within_the_term() -> None:
    played, _ = play(*LEADING, "tick", "write rejected 403 may not update")
    assert "read #5" in played.run("tick")
    assert played.now_s == 6.0


def test_a_clock_that_went_back_is_told_once() -> None:
    played, first = play(*LEADING, "clock -3s", "tick +0s")
    assert "log barred" in first
    played.run("clock -3s")
    assert "barred" not in played.run("tick +0s").split("= ")[0]


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_floor_is_an_offset_so_that_a_deletion_after_it_does_not_repeat_a_token() -> None:
    tokens = []
    for start in ("read found rv=5 token=4 released=4", "read found rv=900 uid=b"):
        played, _ = play("candidate floor=1000", "started", start)
        played.run("tick") if played.asked is None else None
        if isinstance(played.asked, m.Read):
            played.run("read found")
        played.run("write ok")
        said = played.run("write ok")
        tokens.append(int(said.split("Lead token=")[1].split()[0]))
    assert tokens == [1007, 1902]


def test_the_highest_token_seen_counts_even_where_the_annotation_was_lowered() -> None:
    played, _ = play(*FOLLOWING, "notify rv=8 token=500 renew=C", "notify rv=9 token=3 holder= released=3")
    played.run("write ok")
    said = played.run("write ok")
    assert "Lead token=501" in said


def test_transitions_saturate() -> None:
    _, said = play("candidate", "started", "read found rv=5 token=4 released=4 transitions=2147483647")
    assert "transitions=2147483647" in said


# --- wishes -----------------------------------------------------------------------------------------------------------


def test_a_follower_has_nothing_to_resign_from() -> None:
    _, said = play(*FOLLOWING, "resign cooldown=60s")
    assert said.startswith("= ")
    assert "following" in said


def test_a_second_stop_changes_nothing() -> None:
    played, first = play(*LEADING, "stop")
    assert "release" in first
    assert "release" not in played.run("stop app-at-work")


def test_a_stop_while_claiming_gives_back_what_was_claimed() -> None:
    played, _ = play(*LEADING[:3], "stop")
    assert "release" in played.run("write ok")
    assert "Finished" in played.run("write ok")


def test_health_that_did_not_change_says_nothing() -> None:
    _, said = play(*LEADING, "healthy")
    assert said.startswith("= ")


def test_a_lease_that_cannot_be_read_ends_the_term() -> None:
    _, said = play(*LEADING, "tick", "write lost", "tick", "read rejected 200 HTML")
    assert "StopLeading token=7" in said


def test_a_write_to_a_lease_that_is_gone_is_followed_by_a_read() -> None:
    played, _ = play(*LEADING, "tick", "write absent")
    assert "read #5" in played.run("tick")


def test_who_follows_is_troubled_no_more_by_a_refused_write() -> None:
    played, _ = play(*LEADING[:3], "write rejected 403 may not update")
    assert played.state is not None
    assert played.state.rejection
    played.run("notify rv=9 holder=web-1_u_1111111111111111")
    assert not played.state.rejection


def test_a_retry_after_never_costs_the_term() -> None:
    played, _ = play(*LEADING, "tick")
    asked = played.asked
    assert played.state is not None
    assert isinstance(asked, m.Write)
    told = m.WriteDone(at_s=5.0, wall_us=0, number=asked.number, outcome=m.Unknown("429", retry_after_s=60.0))
    state, _ = step(played.state, told)
    assert state.grant is not None
    assert state.request_at_s < state.grant.valid_until_s - 1.0


def test_known_uids_are_bounded() -> None:
    played, _ = play("candidate", "started", "read found rv=5")
    for number in range(200):
        played.run(f"notify rv={10 + number} uid=u{number}")
    assert played.state is not None
    assert len(played.state.uids) <= 65


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_phase_is_in_the_table_and_nothing_leads_after_the_end() -> None:
    assert set(TRANSITIONS) == set(Phase)
    for phase in set(Phase) - STANDING:
        assert Phase.LEADING not in TRANSITIONS[phase]
    assert Phase.LEADING not in FROM_ANY
    assert [phase for phase in Phase if Phase.LEADING in TRANSITIONS[phase]] == [Phase.CLAIMING]


REGRESSED = (*LEADING, "tick", "write lost", "tick", "read found rv=6")
RESIGNED = (*LEADING, "resign cooldown=60s", "write ok")
RARE = (
    (*REGRESSED, "tick", "read found rv=8 holder=web-1_u_1111111111111111"),
    (*RESIGNED, "unhealthy x", "healthy", "read found rv=1", "tick", "read found rv=9"),
    (*FOLLOWING, "unhealthy x", "healthy"),
    (*REGRESSED, "unhealthy x", "healthy"),
    (*FOLLOWING, "stop"),
)


def test_every_transition_of_the_table_is_taken_and_no_other() -> None:
    taken = set()
    for path in FILES:
        taken |= conversation(path.read_text())[1].transitions
    for commands in RARE:
        taken |= play(*commands)[0].transitions
    table = {(before, after) for before, reasons in TRANSITIONS.items() for after in reasons}
    assert table <= taken
    assert {after for _, after in taken - table} == set(FROM_ANY)
    assert all(before in STANDING and after in FROM_ANY for before, after in taken - table)


def test_a_transition_outside_the_table_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    played, _ = play(*FOLLOWING)
    monkeypatch.setattr("leader_sidecar.core.elector.phase", lambda state: Phase.LEADING)
    with pytest.raises(AssertionError, match="following -> leading"):
        played.run("tick")
