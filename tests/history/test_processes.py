"""I3, I4, I7 and I8: what a process says that cannot be, with its lines; and what only looks like it."""

from __future__ import annotations

import pytest

from history.story import Story, handed_over


def test_a_token_that_changes_within_a_term_is_found() -> None:
    story = Story()
    begin = story.lead("payouts-0.a", 6, 115.0, 7)
    story.renew("payouts-0.a", 6, 120.0, 8)
    other = story.renew("payouts-0.a", 9, 125.0, 9)
    assert story.broken() == {"I3": [[begin, other]]}


def test_a_term_that_begins_within_a_term_of_the_same_process_is_found() -> None:
    story = Story()
    first = story.lead("payouts-0.a", 6, 115.0, 7)
    second = story.lead("payouts-0.a", 11, 118.0, 11)
    assert story.broken() == {"I3": [[first, second]]}


@pytest.mark.parametrize(
    ("verb", "outcome"), [("token", "unknown"), ("token", "conflict"), ("claim", "written"), ("read", "absent")]
)
def test_a_term_that_is_told_before_it_is_proved_is_found(verb: str, outcome: str) -> None:
    story = Story()
    story.ask("payouts-0.a", verb, outcome, 115.0, 6)
    begin = story.say("payouts-0.a", "became_leader", 115.0, token=6, valid_until_s=125.0, resourceVersion=7)
    assert story.broken() == {"I4": [["payouts-0.log:1", begin]]}


def test_a_write_whose_answer_was_lost_is_proved_by_a_read() -> None:
    story = Story()
    story.ask("payouts-0.a", "token", "unknown", 115.0, 6)
    story.ask("payouts-0.a", "read", "found", 116.0, 6)
    story.say("payouts-0.a", "became_leader", 116.0, token=6, valid_until_s=125.0, resourceVersion=7)
    assert story.verdicts()["I4"].word == "kept"


def test_without_requests_nobody_knows_what_proved_a_term() -> None:
    verdict = handed_over(debug=False).verdicts()["I4"]
    assert (verdict.word, verdict.unjudged) == ("not judged", {"requests are told at --log-level debug only": 2})


def test_a_release_by_which_another_loses_its_term_is_found() -> None:
    story = Story()
    story.lead("payouts-1.b", 11, 131.0, 11)
    release = story.release("payouts-0.a", 11, 133.0, 12)
    end = story.stop("payouts-1.b", 11, 133.1, 12, 141.0)
    assert story.broken() == {"I7": [[release, end]]}


def test_a_release_within_anothers_term_is_found() -> None:
    story = Story()
    story.lead("payouts-1.b", 11, 131.0, 11)
    release = story.release("payouts-0.a", 11, 133.0, 12)
    last = story.renew("payouts-1.b", 11, 136.0, 13)
    assert story.broken() == {"I7": [[release, last]]}


def test_a_frozen_leader_that_wakes_to_its_successors_release_was_not_robbed() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.lead("payouts-1.b", 11, 131.0, 11)
    story.stop("payouts-1.b", 11, 133.0, 11, 141.0)
    story.release("payouts-1.b", 11, 133.1, 12)
    story.stop("payouts-0.a", 6, 140.0, 12, 125.0)
    assert story.broken() == {}
    assert story.verdicts()["I7"].facts == 1


def test_a_release_whose_answer_came_when_the_next_led_is_ones_own() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.stop("payouts-0.a", 6, 117.0, 7, 125.0)
    story.lead("payouts-1.b", 11, 118.0, 11)
    story.renew("payouts-1.b", 11, 123.0, 12)
    story.renew("payouts-1.b", 11, 128.0, 13)
    story.release("payouts-0.a", 6, 124.0, 12)  # version 0.1.0 told the newest version it had seen by then
    assert story.broken() == {}


def test_who_sees_another_holder_and_goes_on_is_found() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    sight = story.see("payouts-0.a", "payouts-1.b", 131.0, 11)
    story.ask("payouts-0.a", "renew", "conflict", 132.0, 11)
    assert story.broken() == {"I8": [[sight, "payouts-0.log:4"]]}


def test_who_sees_the_lease_made_again_and_goes_on_is_found() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    sight = story.say("payouts-0.a", "request", 116.0, verb="read", outcome="found", uid="lease-2", resourceVersion=9)
    assert story.broken() == {"I8": [[sight, sight]]}


def test_who_sees_a_version_beyond_anothers_begin_and_goes_on_is_found_on_any_machine() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    sight = story.say("payouts-0.a", "request", 140.0, verb="renew", outcome="unknown", resourceVersion=11)
    story.boot_id = "boot-2"
    story.lead("payouts-1.b", 11, 900.0, 11)
    assert story.broken() == {"I8": [[sight, sight]]}


def test_who_sees_another_holder_and_stops_is_right() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.say("payouts-0.a", "accepted_again", 131.0, resourceVersion=11)
    story.see("payouts-0.a", "payouts-1.b", 131.0, 11)
    story.stop("payouts-0.a", 6, 131.0, 11, 125.0)
    verdict = story.verdicts()["I8"]
    assert (verdict.word, verdict.facts) == ("kept", 1)


def test_a_log_that_ends_with_the_sight_tells_nothing_of_what_came_of_it() -> None:
    story = Story()
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.see("payouts-0.a", "payouts-1.b", 131.0, 11)
    verdict = story.verdicts()["I8"]
    assert (verdict.word, verdict.unjudged) == ("not judged", {"the log ends with the sight": 1})
