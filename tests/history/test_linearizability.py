"""Histories that could have happened one after the other, histories that could not, and the shortest reason why."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leader_sidecar.history.linearizability import Operation, Verdict, check, until
from leader_sidecar.history.register import ACCEPTED, EMPTY, REFUSED, Call, check_registers, explain, step

RIGHT, WRONG = Verdict.LINEARIZABLE, Verdict.NOT_LINEARIZABLE


def write(token: int, called_s: float, returned_s: float = math.inf, result: str | None = ACCEPTED) -> Operation:
    """Make a write of an entry that says its token and its call."""
    call = Call("write", "payouts", token, f"{token}@{called_s:g}")
    return Operation(f"writer-{token}", call, called_s, returned_s, result if returned_s < math.inf else None)


def ask(kind: str, result: object, called_s: float, returned_s: float, token: int = 0) -> Operation:
    """Make another operation."""
    return Operation("asker", Call(kind, "payouts", token), called_s, returned_s, result)


def verdict_of(*history: Operation) -> Verdict:
    return check(history, EMPTY, step).verdict


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        ((write(417, 0, 1), write(418, 2, 3), write(417, 4, 5, REFUSED)), RIGHT),
        ((write(418, 0, 1), write(417, 2, 3)), WRONG),
        ((write(418, 0, 3), write(417, 2, 4)), RIGHT),
        ((write(417, 0, 1), write(417, 2, 3)), RIGHT),
        ((write(417, 0, 1), write(417, 2, 3, REFUSED)), WRONG),
        ((ask("stamp", ACCEPTED, 0, 1, 418), write(417, 2, 3)), WRONG),
        ((ask("stamp", ACCEPTED, 0, 3, 418), write(417, 2, 4)), RIGHT),
        ((write(417, 0, 9), write(418, 1, 2), ask("read", "418@1", 3, 4), ask("read", "417@0", 10, 11)), WRONG),
        ((write(417, 0, 9), write(418, 1, 2), ask("read", "418@1", 3, 4), ask("status", 418, 10, 11)), RIGHT),
        ((write(417, 0, 9), write(418, 1, 2), ask("read", "418@1", 10, 11)), RIGHT),
        ((ask("status", 0, 0, 1), write(418, 2, 3), ask("status", 418, 4, 5)), RIGHT),
        ((write(418, 2, 3), ask("status", 0, 4, 5)), WRONG),
    ],
)
def test_a_history_is_judged_as_a_person_would(history: Sequence[Operation], verdict: Verdict) -> None:
    assert verdict_of(*history) is verdict


def test_what_has_an_unknown_outcome_may_happen_late_or_never() -> None:
    lost, read = write(417, 0), ask("read", "417@0", 8, 9)
    assert verdict_of(lost, ask("read", "", 5, 6), read) is RIGHT
    assert verdict_of(lost, ask("read", "", 5, 6)) is RIGHT
    assert verdict_of(lost, read, ask("read", "", 10, 11)) is WRONG
    assert verdict_of(lost, write(418, 1, 2), ask("read", "418@1", 3, 4), read) is WRONG


def test_a_guard_that_announces_its_mark_refuses_by_it_while_older_writes_end() -> None:
    older = write(417, 0, 9)
    newer = [ask("announce", ACCEPTED, 1, 20, 418), ask("stamp", ACCEPTED, 1, 20, 418)]
    refused = write(416, 2, 3, REFUSED)
    assert verdict_of(older, *newer, ask("status", 418, 2, 3), refused, ask("read", "417@0", 10, 11)) is RIGHT
    assert verdict_of(older, *newer, write(417, 21, 22)) is WRONG
    assert verdict_of(older, newer[1], ask("status", 418, 2, 3), refused, ask("read", "417@0", 10, 11)) is RIGHT
    assert (
        verdict_of(older, newer[1], ask("status", 418, 2, 3), ask("read", "", 4, 5), ask("read", "417@0", 10, 11))
        is WRONG
    )


def test_resources_are_checked_each_by_itself() -> None:
    other = replace(write(9, 2, 3), call=Call("write", "reports", 9, "x"))
    outcomes = check_registers([write(418, 0, 1), other, write(417, 4, 5)])
    assert {name: outcome.verdict for name, outcome in outcomes.items()} == {"payouts": WRONG, "reports": RIGHT}


@pytest.mark.parametrize("lost", [ask("stamp", None, 0, math.inf, 418), write(418, 0)])
def test_many_calls_of_unknown_outcome_do_not_make_the_search_longer(lost: Operation) -> None:
    crowd = [replace(lost, called_s=n / 100) for n in range(200)]
    (outcome,) = check_registers([*crowd, write(417, 5, 6), write(417, 7, 8, REFUSED), write(417, 9, 10)]).values()
    assert (outcome.verdict, outcome.steps < 100) == (WRONG, True)


def test_the_shortest_beginning_that_is_wrong_is_told_with_what_cannot_be_placed() -> None:
    right = [write(token, token, token + 0.5) for token in range(1, 50)]
    late, after = write(17, 60, 61), [write(token, token, token + 0.5) for token in range(70, 90)]
    outcome = check([*right, late, *after], EMPTY, step)
    assert outcome.verdict is WRONG
    assert outcome.culprit == late
    assert outcome.prefix == [*right, late]
    assert outcome.order == right
    assert explain(outcome)[:3] == [
        "not linearizable: of 50 operations no order explains the return of",
        "  writer-17: write 17 17@60 -> accepted, 60.000000 to 61.000000 s",
        "the longest order leaves mark 49 and entry '49@49', and ends with",
    ]


def test_a_search_that_would_take_too_long_is_given_up() -> None:
    crowd = [write(417, n / 100, 10 + n / 100) for n in range(20)]
    outcome = check([*crowd, ask("read", "nothing of this", 30, 31)], EMPTY, step, most_steps=1000)
    assert outcome.verdict is Verdict.UNDECIDED
    assert explain(outcome) == ["undecided after 1001 steps"]


CALLS = st.one_of(
    st.tuples(st.sampled_from(["write", "stamp"]), st.integers(1, 4)),
    st.tuples(st.sampled_from(["read", "status"]), st.just(0)),
)


@st.composite
def real_histories(draw: st.DrawFn) -> list[Operation]:
    """Draw what a register did, each operation called before the instant of its effect and returned after it."""
    history, state = [], EMPTY
    for number, (kind, token) in enumerate(draw(st.lists(CALLS, max_size=12))):
        call = Call(kind, "payouts", token, f"entry-{number}" if kind == "write" else "")
        result = {"read": state[2], "status": state[0]}.get(kind, ACCEPTED if token >= state[1] else REFUSED)
        early_s, late_s = draw(st.floats(0, 3)), draw(st.floats(0, 3))
        done = Operation(f"asker-{number}", call, number - early_s, number + late_s, result)
        after = step(state, done)
        assert after is not None
        state = after
        known = draw(st.integers(0, 4)) > 0
        history.append(done if known else replace(done, returned_s=math.inf, result=None))
    return history


@settings(deadline=None)
@given(real_histories(), st.randoms(use_true_random=False))
def test_what_a_register_did_is_always_linearizable(history: list[Operation], chance: object) -> None:
    chance.shuffle(history)  # type: ignore[attr-defined]
    outcome = check(history, EMPTY, step)
    assert outcome.verdict is RIGHT
    assert {one.verdict for one in check_registers(history).values()} <= {RIGHT}
    assert follows(outcome.order)
    assert {one for one in history if one.known} <= set(outcome.order)


def follows(order: Sequence[Operation]) -> bool:
    """Whether an order is one of the model, and puts nothing before what had returned when it was called."""
    state = EMPTY
    for number, one in enumerate(order):
        after = step(state, one)
        if after is None or any(later.returned_s < one.called_s for later in order[number + 1 :]):
            return False
        state = after
    return True


RESULTS = st.sampled_from([ACCEPTED, REFUSED])


@st.composite
def any_histories(draw: st.DrawFn) -> list[Operation]:
    """Draw a small history that may be true or not."""
    history = []
    for number, (kind, token) in enumerate(draw(st.lists(CALLS, min_size=2, max_size=5))):
        call = Call(kind, "payouts", token, f"entry-{number}" if kind == "write" else "")
        answers = {"read": st.sampled_from(["", "entry-0", "entry-1"]), "status": st.integers(0, 4)}
        called_s, took_s = draw(st.integers(0, 6)), draw(st.integers(1, 6))
        result = draw(answers.get(kind, RESULTS))
        done = Operation(f"asker-{number}", call, called_s, called_s + took_s, result)
        history.append(done if draw(st.booleans()) else replace(done, returned_s=math.inf, result=None))
    return history


def orders(history: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    """List every order of all that is known and any of what is not."""
    known, unknown = [one for one in history if one.known], [one for one in history if not one.known]
    for count in range(len(unknown) + 1):
        for some in itertools.combinations(unknown, count):
            yield from itertools.permutations([*known, *some])


@settings(deadline=None)
@given(any_histories())
def test_it_says_what_trying_every_order_says_and_its_beginning_is_the_shortest(history: list[Operation]) -> None:
    outcome = check(history, EMPTY, step)
    assert (outcome.verdict is RIGHT) == any(map(follows, orders(history)))
    assert {one.verdict for one in check_registers(history).values()} == {outcome.verdict}
    if outcome.verdict is WRONG:
        assert check(outcome.prefix, EMPTY, step).verdict is WRONG
        assert outcome.culprit is not None
        before_s = max((one.returned_s for one in history if one.returned_s < outcome.culprit.returned_s), default=-1)
        assert check(until(history, before_s), EMPTY, step).verdict is RIGHT
