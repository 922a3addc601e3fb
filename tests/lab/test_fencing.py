"""The frozen leader with the real core: what its tokens are, and what its late write does."""

import pytest

from leader_sidecar.core import decide
from leader_sidecar.lab.payouts import BATCH, LEDGER, TRIES, Ledger
from leader_sidecar.lab.stories import fencing
from leader_sidecar.lab.stories.fencing import FREEZES_S, WAKES_S, play, tell_fencing
from leader_sidecar.lab.story import LaneState, Mark, Scene, Step
from leader_sidecar.lab.violation import Violation


def tokens(scene: Scene) -> list[int]:
    return [int(step.token) for step in scene.steps if step.state is LaneState.LEADS]


def payments(scene: Scene) -> list[Step]:
    return [step for step in scene.steps if step.to == LEDGER]


@pytest.fixture(scope="module")
def guarded() -> tuple[Scene, Ledger]:
    return play(guarded=True)


@pytest.fixture(scope="module")
def unguarded() -> tuple[Scene, Ledger]:
    return play(guarded=False)


def test_the_first_token_is_41_and_the_next_ones_are_what_the_core_makes_of_its_claims(
    guarded: tuple[Scene, Ledger],
) -> None:
    claims = [int(step.text.rpartition(" ")[2].rstrip(".")) for step in guarded[0].steps if step.label == "claim"]
    assert claims[:2] == [40, 42]
    assert tokens(guarded[0]) == [claim + 1 for claim in claims]
    assert tokens(guarded[0])[:2] == [41, 43]


def test_its_numbers_follow_from_where_the_world_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fencing, "FIRST_WRITE", 416)
    assert tokens(play(guarded=False)[0]) == [417, 419]


def test_a_token_42_that_no_claim_makes_so_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "next_token", lambda annotation, version, floor, highest: 42)
    with pytest.raises(Violation, match="exceeds the version 41 that carries it"):
        play(guarded=False)


def test_the_late_write_is_refused_every_time_and_the_pointer_moves_once(guarded: tuple[Scene, Ledger]) -> None:
    scene, ledger = guarded
    late = [step for step in payments(scene) if "token 41" in step.label]
    assert [step.mark for step in late] == [Mark.REFUSED] * (TRIES + 1)
    assert ledger.refused == [41] * (TRIES + 1)
    assert ledger.moves == [(BATCH, BATCH + 1, 43)]
    assert ledger.paid == [43]


def test_it_stays_refused_when_the_same_pod_leads_again(guarded: tuple[Scene, Ledger]) -> None:
    scene, _ = guarded
    last_term = [step for step in scene.steps if step.state is LaneState.LEADS][-1]
    last = payments(scene)[-1]
    assert (last_term.lane, last.lane) == ("payouts-0", "payouts-0")
    assert last.at_s > last_term.at_s
    assert last.mark is Mark.REFUSED


def test_without_the_guard_the_batch_is_paid_twice(unguarded: tuple[Scene, Ledger]) -> None:
    scene, ledger = unguarded
    assert ledger.paid == [43, 41]
    assert ledger.refused == []
    assert payments(scene)[-1].mark is Mark.FAULT


def test_the_sleepers_term_is_over_before_its_app_writes(unguarded: tuple[Scene, Ledger]) -> None:
    scene, _ = unguarded
    ended = next(step for step in scene.steps if step.mark is Mark.ENDS)
    late = payments(scene)[-1]
    assert ended.lane == late.lane == "payouts-0"
    assert FREEZES_S < WAKES_S == pytest.approx(ended.at_s)
    assert ended.at_s < late.at_s


def test_the_story_says_why_the_tokens_have_gaps() -> None:
    story = tell_fencing()
    assert "41, 43" in story.conclusion
    assert "gaps" in story.conclusion
    assert "paid twice" in story.scenes[0].conclusion
    assert "paid once" in story.scenes[1].conclusion
