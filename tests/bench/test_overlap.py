"""What it takes for two answers true to stand side by side, and for how long they did."""

from __future__ import annotations

import pytest

from bench.overlap import SHORTEST_S, SILENCE_S, Answer, reigns, side_by_side_s


def said(who: str, is_true: bool, *sent_s: float) -> list[Answer]:
    """Make answers that each took 2 ms."""
    return [Answer(who, at_s, at_s + 0.002, is_true) for at_s in sent_s]


def steps(begin_s: float, end_s: float) -> list[float]:
    return [begin_s + number * 0.02 for number in range(round((end_s - begin_s) / 0.02) + 1)]


def test_one_after_the_other_is_no_overlap() -> None:
    answers = said("a", True, *steps(0, 1)) + said("a", False, 1.02) + said("b", True, *steps(1.04, 2))
    assert side_by_side_s(answers) == 0.0


def test_two_at_once_count_from_the_later_beginning_to_the_earlier_end() -> None:
    answers = said("a", True, *steps(0, 3)) + said("b", True, *steps(2, 5))
    assert side_by_side_s(answers) == pytest.approx(1.0)
    assert side_by_side_s(list(reversed(answers))) == pytest.approx(1.0)


def test_an_answer_asked_for_before_the_other_began_proves_nothing() -> None:
    late = Answer("a", sent_s=1.0, received_s=3.0, is_true=True)
    assert side_by_side_s([*said("b", True, *steps(2, 4)), late]) == 0.0


def test_a_single_true_asked_for_after_the_other_began_is_an_overlap() -> None:
    answers = [*said("b", True, *steps(2, 4)), *said("a", True, 3.0)]
    assert side_by_side_s(answers) == pytest.approx(SHORTEST_S)


def test_a_frozen_leader_says_nothing_while_it_is_frozen() -> None:
    frozen = [*said("a", True, *steps(0, 1)), *said("a", False, 21.0)]
    woken = [*said("a", True, *steps(0, 1)), *said("a", True, *steps(21, 22)), *said("a", False, 22.02)]
    successor = said("b", True, *steps(16, 30))
    assert side_by_side_s(frozen + successor) == 0.0
    assert side_by_side_s(woken + successor) == pytest.approx(1.0)


def test_a_false_in_between_ends_a_reign() -> None:
    answers = [*said("a", True, 0.0), *said("a", False, 0.02), *said("a", True, 0.04)]
    assert [(one.first.sent_s, one.last.sent_s) for one in reigns(answers)] == [(0.0, 0.0), (0.04, 0.04)]
    assert side_by_side_s(answers + said("b", True, 0.02)) == 0.0


def test_a_silence_ends_a_reign_and_a_slow_answer_does_not() -> None:
    assert len(reigns(said("a", True, 0.0, SILENCE_S + 0.1))) == 2
    assert len(reigns(said("a", True, 0.0, SILENCE_S - 0.1))) == 1


def test_three_at_once_count_once() -> None:
    answers = [one for who in "abc" for one in said(who, True, *steps(0, 2))]
    assert side_by_side_s(answers) == pytest.approx(2.0)


def test_one_candidate_alone_overlaps_with_nobody() -> None:
    assert side_by_side_s(said("a", True, 0.0, 1.0, 2.0)) == 0.0
    assert side_by_side_s([]) == 0.0
