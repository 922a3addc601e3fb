"""I1 and I2: what is found in terms that overlap or tokens that fall, with its lines; and whom nobody may accuse."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from history.story import D_S, R_S, Story, handed_over
from leader_sidecar.history.verdicts import PROMISES


def test_a_hand_over_that_went_well_keeps_every_promise() -> None:
    verdicts = handed_over().verdicts()
    assert list(verdicts) == list(PROMISES)
    assert {promise: (one.word, one.facts) for promise, one in verdicts.items()} == {
        "I1": ("kept", 1),
        "I2": ("kept", 2),
        "I3": ("kept", 4),
        "I4": ("kept", 4),
        "I5": ("kept", 2),
        "I6": ("kept", 5),
        "I7": ("kept", 1),
        "I8": ("not judged", 0),
    }
    assert not any(one.unjudged for one in verdicts.values())


def test_a_term_that_begins_while_another_pods_lasts_is_found() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    begin = story.lead("payouts-1.b", 11, 118.0, 11)
    end = story.stop("payouts-0.a", 6, 120.0, 8, 125.0)
    assert story.broken() == {"I1": [[begin, end]]}
    (broken,) = story.verdicts()["I1"].violations
    assert broken.text == (
        "payouts-1 became leader with token 11 at 118.000 s, while payouts-0 led with token 6 until 120.000 s"
    )


def test_who_was_frozen_and_tells_the_end_late_had_stopped_answering_in_time() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.lead("payouts-1.b", 11, 131.0, 11)
    story.stop("payouts-0.a", 6, 140.0, 7, 125.0)
    assert story.broken() == {}
    assert story.verdicts()["I1"].facts == 1


def test_who_answers_beyond_a_successors_begin_is_found_though_it_was_frozen() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    begin = story.lead("payouts-1.b", 11, 124.0, 11)
    end = story.stop("payouts-0.a", 6, 140.0, 7, 125.0)
    assert story.broken() == {"I1": [[begin, end]]}


def test_a_term_that_goes_on_without_an_end_lasts_until_its_last_word() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    begin = story.lead("payouts-1.b", 11, 118.0, 11)
    last = story.say("payouts-0.a", "api_trouble", 119.0, resourceVersion=7)
    assert story.broken() == {"I1": [[begin, last]]}


def test_a_term_that_began_before_the_log_is_one_too() -> None:
    story = Story(debug=False)
    end = story.stop("payouts-0.a", 6, 120.0, 8, 125.0)
    begin = story.lead("payouts-1.b", 11, 118.0, 11)
    assert story.broken() == {"I1": [[begin, end]]}
    assert story.verdicts()["I3"].unjudged == {"the term began before the log": 1}


def test_instants_of_two_machines_do_not_compare() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.stop("payouts-0.a", 6, 120.0, 8, 125.0)
    story.boot_id = "boot-2"
    story.lead("payouts-1.b", 11, 118.0, 11)
    verdict = story.verdicts()["I1"]
    assert (verdict.word, verdict.violations) == ("not judged", [])
    assert verdict.unjudged == {"on two machines, or two boots: their clocks do not compare": 1}


@pytest.mark.parametrize(("debug", "facts"), [(True, 1), (False, 0)])
def test_a_killed_leaders_end_is_known_where_renewals_are_told(debug: bool, facts: int) -> None:
    story = Story(debug=debug)
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.renew("payouts-0.a", 6, 120.0, 8)
    story.lead("payouts-1.b", 11, 135.0, 11)
    verdict = story.verdicts()["I1"]
    assert (verdict.facts, sum(verdict.unjudged.values()), verdict.violations) == (facts, 1 - facts, [])


def test_a_killed_leader_is_not_accused_of_what_its_log_does_not_tell() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.lead("payouts-1.b", 11, 118.0, 11)  # it may have been released in a line that was not collected
    assert story.broken() == {}
    assert story.verdicts()["I1"].facts == 0


@pytest.mark.parametrize("over", ["crashed", "started"])
def test_a_crash_or_the_next_process_of_its_pod_shows_that_a_process_has_ended(over: str) -> None:
    story = Story(debug=False)
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.say("payouts-0.a2", over, 116.0, uid=None)
    story.lead("payouts-1.b", 11, 119.0, 11)
    assert story.verdicts()["I1"].facts == 1


def test_the_version_before_tells_no_validity_and_is_judged_by_its_word_alone() -> None:
    story = Story(debug=False)
    story.say("payouts-0.a", "became_leader", 115.0, token=6, resourceVersion=7)
    story.stop("payouts-0.a", 6, 140.0, 8, None)
    story.lead("payouts-1.b", 11, 131.0, 11)
    verdict = story.verdicts()["I1"]
    assert verdict.violations == []
    assert verdict.unjudged == {"the end does not tell how long answers were valid (a sidecar before 0.2.0)": 1}


def test_two_processes_of_one_pod_are_no_two_pods() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.lead("payouts-0.a2", 11, 118.0, 11)
    story.stop("payouts-0.a", 6, 120.0, 8, 125.0)
    assert "I1" not in story.broken()


def test_a_token_that_falls_is_found_on_any_machine() -> None:
    story = Story()
    first = story.lead("payouts-0.a", 11, 115.0, 7)
    story.boot_id = "boot-2"
    second = story.lead("payouts-1.b", 6, 900.0, 11)
    assert story.broken() == {"I2": [[first, second]]}


def test_a_token_of_two_terms_is_found() -> None:
    story = Story()
    first = story.lead("payouts-0.a", 6, 115.0, 7)
    story.stop("payouts-0.a", 6, 120.0, 7, 125.0)
    second = story.lead("payouts-0.a", 6, 121.0, 9)
    assert story.broken() == {"I2": [[first, second]]}


def test_a_renewal_after_a_later_term_is_found() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    begin = story.lead("payouts-1.b", 11, 131.0, 11)
    late = story.renew("payouts-0.a", 6, 140.0, 12)
    assert story.broken()["I2"] == [[begin, late]]


def test_versions_give_no_order_once_they_went_back() -> None:
    story = Story()
    story.lead("payouts-0.a", 11, 115.0, 700)
    story.say("payouts-0.a", "regression", 116.0, resourceVersion=9)
    story.lead("payouts-1.b", 711, 900.0, 11)
    verdict = story.verdicts()["I2"]
    assert (verdict.word, verdict.violations, sum(verdict.unjudged.values())) == ("not judged", [], 2)


ENDS = ("released", "lapsed", "frozen", "killed")


@st.composite
def elections(draw: st.DrawFn) -> tuple[Story, list[tuple[float, float]]]:
    """Draw a sound election on one machine, and for each term from when until when its log shows that it lasted."""
    story, version, now_s, lasted = Story(debug=draw(st.booleans())), 5, 100.0, []
    for number in range(draw(st.integers(2, 6))):
        who, end = f"payouts-{number % 3}.{number}", draw(st.sampled_from(ENDS))
        version += draw(st.integers(2, 4))
        token, began_s = version - 1, now_s
        story.lead(who, token, now_s, version)
        shown_s = began_s
        for _ in range(draw(st.integers(0, 3))):
            now_s, version = now_s + 5.0, version + 1
            if story.renew(who, token, now_s, version):
                shown_s = now_s
        until_s = now_s + R_S
        now_s += draw(st.floats(0.5, 5.0))
        if end == "released":
            story.stop(who, token, now_s, version, until_s)
            version += 1
            story.release(who, token, now_s, version)
            shown_s = now_s
            now_s += 0.01
        else:
            now_s = until_s - R_S + D_S
            if end != "killed":
                story.stop(who, token, until_s if end == "lapsed" else until_s + 100.0, version, until_s)
                shown_s = until_s
        lasted.append((began_s, shown_s))
    return story, lasted


@settings(deadline=None)
@given(elections(), st.randoms(use_true_random=False))
def test_no_sound_election_is_accused_in_whatever_order_its_lines_come(
    drawn: tuple[Story, object], chance: random.Random
) -> None:
    story, _ = drawn
    assert story.broken() == {}
    lines = [line for log in story.logs.values() for line in log]
    chance.shuffle(lines)
    assert Story(logs={"all.log": lines}).broken() == {}


@settings(deadline=None)
@given(elections(), st.data())
def test_any_term_that_begins_while_another_is_shown_to_last_is_found(
    drawn: tuple[Story, list[tuple[float, float]]], data: st.DataObject
) -> None:
    story, lasted = drawn
    shown = [(began_s, until_s) for began_s, until_s in lasted if until_s > began_s]
    assume(shown)
    began_s, until_s = data.draw(st.sampled_from(shown))
    begin = story.lead("stranger.x", 10**6, data.draw(st.floats(began_s + 0.01, until_s - 0.01)), 10**6)
    ((found, _),) = story.broken()["I1"]
    assert found == begin
