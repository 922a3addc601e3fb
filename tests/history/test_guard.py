"""I5 and I6: what a guarded service tells that it accepted, refused and stamped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from history.story import Story


def test_an_older_terms_write_that_is_accepted_after_a_newer_ones_is_found() -> None:
    story = Story()
    newer = story.account("accepted", 418, what="pay")
    older = story.account("accepted", 417, what="pay")
    assert story.broken() == {"I5": [[newer, older]]}


def test_a_write_below_a_stamp_is_found() -> None:
    story = Story()
    stamp = story.account("accepted", 418, what="stamp")
    older = story.account("accepted", 417, what="pay")
    assert story.broken() == {"I6": [[stamp, older]]}


def test_a_write_below_the_mark_that_a_refusal_told_is_found() -> None:
    story = Story()
    refusal = story.account("refused", 400, high_water=418)
    older = story.account("accepted", 417, what="pay")
    assert story.broken() == {"I6": [[refusal, older]]}


def test_a_mark_that_fell_is_found() -> None:
    story = Story()
    write = story.account("accepted", 418, what="pay")
    refusal = story.account("refused", 400, high_water=417)
    assert story.broken() == {"I6": [[write, refusal]]}


def test_resources_and_logs_are_judged_each_by_itself() -> None:
    story = Story()
    story.account("accepted", 418)
    story.account("accepted", 3, resource="reports")
    story.write("ledger-2.log", '{"event": "accepted", "token": 417, "resource": "payouts"}')
    assert story.broken() == {}
    (why,) = story.verdicts()["I5"].unjudged
    assert why == "a resource in several logs: each is judged, not the one against the other"


def test_what_was_sent_in_the_place_of_a_token_is_no_mark() -> None:
    story = Story()
    story.account("accepted", 418)
    story.write("ledger.log", '{"event": "refused", "token": "many", "resource": "payouts", "high_water": 0}')
    assert story.broken() == {}
    assert story.read().faults == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9)), min_size=1))
def test_a_guard_as_the_rule_has_it_is_never_accused(asked: list[tuple[bool, int]]) -> None:
    story, mark = Story(), 0
    for stamps, token in asked:
        if token < mark:
            story.account("refused", token, high_water=mark)
        else:
            mark = token
            story.account("accepted", token, what="stamp" if stamps else "pay")
    assert story.broken() == {}


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2))
def test_a_guard_that_accepts_everything_is_found_where_a_token_falls(tokens: list[int]) -> None:
    story = Story()
    for token in tokens:
        story.account("accepted", token)
    assert ("I5" in story.broken()) == (tokens != sorted(tokens))
