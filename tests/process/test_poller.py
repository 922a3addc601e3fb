"""The poller's own rule: what it takes for an overlap, and what not."""

from __future__ import annotations

import pytest

from process.poller import Seen, overlaps

pytestmark = pytest.mark.devserver


def seen(who: str, sent_s: float, token: int | None) -> Seen:
    return Seen(who, sent_s, sent_s + 0.001, token)


def test_one_leader_after_the_other_is_no_overlap() -> None:
    assert overlaps([seen("a", 1, 7), seen("b", 1, None), seen("a", 2, None), seen("b", 3, 8)]) == []


def test_an_old_leader_that_answers_true_after_its_successor_is_one() -> None:
    assert len(overlaps([seen("a", 1, 7), seen("b", 2, 8), seen("a", 3, 7)])) == 1


def test_an_old_leader_that_was_asked_before_its_successor_answered_is_none() -> None:
    slow = Seen("a", 1.9995, 5.0, 7)
    assert overlaps([seen("a", 1, 7), seen("b", 2, 8), slow]) == []


def test_one_token_told_by_two_is_one() -> None:
    assert overlaps([seen("a", 1, 7), seen("b", 2, 7)])


def test_a_token_that_falls_is_one() -> None:
    assert overlaps([seen("a", 1, 8), seen("a", 2, None), seen("b", 3, 7)])
