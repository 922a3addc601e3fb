"""The promises of the core, each as a property of drawn stories (DESIGN §2): I1 to I4 and I7 to I11.

A story is drawn as a list of steps, so that a broken one shrinks to the few that matter.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.judge import Judge
from core.world import LEADER, World

Story = list[tuple[tuple[Any, ...], float]]
PODS = st.sampled_from([LEADER, LEADER, 0, 1, 2])
SMOOTH_S = st.sampled_from([0.5, 17.0, 0.0, 3.0, 0.02, 6.0, 0.0, 11.0, 17.0])
"""For how long all goes its way after a step; 0 for not at all."""
EDITS: list[dict[str, Any]] = [
    {"label": "x"},
    {"label": "y"},
    {"holder": ""},
    {"holder": "", "duration": 1},
    {"holder": "other-0"},
    {"holder": "other-1", "duration": 20},
    {"token": "-"},
    {"token": "x"},
    {"token": "1"},
    {"transitions": 0},
]
WAYS = ["open", "slow", "blind", "cut", "mute", "frozen"]
PARTS: list[st.SearchStrategy[tuple[Any, ...]]] = [
    st.tuples(st.just("way"), PODS, st.sampled_from(WAYS)),
    st.tuples(st.just("way"), PODS, st.sampled_from(WAYS)),
    st.tuples(st.just("sleep"), st.sampled_from([0.2, 1.0, 4.0, 8.0, 10.0, 14.0, 30.0])),
    st.tuples(st.sampled_from(["tick", "serve", "answer", "fail", "garbage"]), PODS),
    st.tuples(st.just("stray"), st.integers(0, 3)),
    st.tuples(st.just("notify"), PODS, st.integers(0, 4)),
    st.tuples(st.just("edit"), st.sampled_from(EDITS)),
    st.one_of(st.tuples(st.just("wipe")), st.tuples(st.just("delete"), st.booleans())),
    st.tuples(st.just("restart"), PODS),
    st.tuples(st.just("resign"), PODS, st.booleans()),
    st.tuples(st.just("stop"), PODS, st.booleans()),
    st.tuples(st.just("health"), PODS, st.booleans()),
]
STORIES = st.lists(st.tuples(st.one_of(PARTS), SMOOTH_S), min_size=6, max_size=30)
RESTORES = st.tuples(st.just("restore"), st.integers(1, 4))
STALE = st.tuples(st.just("stale"), PODS, st.integers(1, 4))
STORIES_WITH_RESTORES = st.lists(
    st.tuples(st.one_of([*PARTS, RESTORES, RESTORES, STALE]), SMOOTH_S), min_size=6, max_size=30
)
bounded = settings(
    max_examples=250, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def broken(promise: str, story: Story, *, restores: bool = False) -> list[str]:
    """Play a story and say how it broke a promise."""
    return [text for one, text in played(story, restores=restores).broken if one == promise]


def played(story: Story, *, restores: bool = False) -> Judge:
    """Play a story, with a leader to begin with, and return its judge."""
    steps = [("smooth", 0.5)]
    for step, smooth_s in story:
        steps += [step, ("smooth", smooth_s)]
    return World(restores=restores).play(steps).judge


@bounded
@given(STORIES)
def test_at_most_one_pod_answers_true_or_may_be_at_work(story: Story) -> None:
    assert broken("I1", story) == []


@bounded
@given(STORIES)
def test_a_later_acquisition_has_a_larger_token(story: Story) -> None:
    assert broken("I2", story) == []


@bounded
@given(STORIES)
def test_a_terms_token_never_changes(story: Story) -> None:
    assert broken("I3", story) == []


@bounded
@given(STORIES)
def test_nothing_is_published_before_its_proof(story: Story) -> None:
    assert broken("I4", story) == []


@bounded
@given(STORIES)
def test_a_release_touches_only_our_own_record(story: Story) -> None:
    assert broken("I7", story) == []


@bounded
@given(STORIES)
def test_after_another_holder_token_or_uid_was_seen_the_answer_is_false(story: Story) -> None:
    assert broken("I8", story) == []


@bounded
@given(STORIES)
def test_without_proof_health_or_a_wish_to_lead_the_answer_is_false(story: Story) -> None:
    assert broken("I9", story) == []


@bounded
@given(STORIES)
def test_a_delayed_answer_is_no_regression(story: Story) -> None:
    assert broken("I10", story) == []


@bounded
@given(STORIES_WITH_RESTORES)
def test_a_read_that_goes_back_in_time_ends_leadership_for_good_where_it_persists(
    story: Story,
) -> None:
    assert broken("I10", story, restores=True) == []


@bounded
@given(STORIES)
def test_only_our_own_fields_are_written(story: Story) -> None:
    assert broken("I11", story) == []


def test_the_stories_have_elections_in_them() -> None:
    terms: list[int] = []

    @bounded
    @given(STORIES)
    def play(story: Story) -> None:
        terms.append(len(played(story).published))

    play()
    assert sum(count >= 1 for count in terms) > 0.9 * len(terms)
    assert sum(count >= 2 for count in terms) > 0.4 * len(terms)
    assert sum(count >= 4 for count in terms) > 0.05 * len(terms)
