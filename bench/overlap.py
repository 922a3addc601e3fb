"""Owns when two answers `true` stood side by side: from answers with the times at which they were asked for and came.

An elector without a token does not say which of its terms an answer belongs to. So a *reign* is what can be seen from
outside: answers true of one candidate, one after the other, with no false and no silence between them. A silence ends
it, because a frozen process tells nobody anything.

Two reigns overlap when each said true to a question that was asked after the other's first true had come (DESIGN §2,
I1). Answers whose order cannot be told from outside are no overlap, so that what is found is proved.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SILENCE_S = 0.5
"""Between two answers of one candidate; longer, and it was silent."""

SHORTEST_S = 0.001
"""What a single true answer within another's reign counts as."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: whose, when it was asked for and when it had come (seconds, one clock), and whether it said true."""

    who: str
    sent_s: float
    received_s: float
    is_true: bool


@dataclass(frozen=True, slots=True)
class Reign:
    """The answers true of one candidate, from the first to the last."""

    who: str
    first: Answer
    last: Answer


def reigns(answers: Iterable[Answer]) -> list[Reign]:
    """Find every reign, in the order in which they began."""
    by_candidate: dict[str, list[Answer]] = {}
    for answer in sorted(answers, key=lambda one: one.received_s):
        by_candidate.setdefault(answer.who, []).append(answer)
    found = [reign for mine in by_candidate.values() for reign in _of_one(mine)]
    return sorted(found, key=lambda reign: reign.first.received_s)


def side_by_side_s(answers: Sequence[Answer]) -> float:
    """Return for how many seconds two candidates said true; instants at which three did count once."""
    pieces = [
        piece
        for one, other in itertools.combinations(reigns(answers), 2)
        if one.who != other.who and (piece := _common(one, other)) is not None
    ]
    return _length_s(pieces)


def _of_one(answers: Sequence[Answer]) -> Iterator[Reign]:
    first: Answer | None = None
    last: Answer | None = None
    for answer in answers:
        silent = last is not None and answer.received_s - last.received_s > SILENCE_S
        if first is not None and last is not None and (silent or not answer.is_true):
            yield Reign(answer.who, first, last)
            first = last = None
        if answer.is_true:
            first, last = first or answer, answer
    if first is not None and last is not None:
        yield Reign(last.who, first, last)


def _common(one: Reign, other: Reign) -> tuple[float, float] | None:
    if one.last.sent_s <= other.first.received_s or other.last.sent_s <= one.first.received_s:
        return None
    begin_s = max(one.first.received_s, other.first.received_s)
    end_s = min(one.last.received_s, other.last.received_s)
    return begin_s, max(end_s, begin_s + SHORTEST_S)


def _length_s(pieces: Sequence[tuple[float, float]]) -> float:
    total_s, reached_s = 0.0, float("-inf")
    for begin_s, end_s in sorted(pieces):
        total_s += max(0.0, end_s - max(begin_s, reached_s))
        reached_s = max(reached_s, end_s)
    return total_s
