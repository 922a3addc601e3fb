"""Wrong ways of comparing a token with the mark, which known-bad guards of every store share."""

from __future__ import annotations

import struct
from collections.abc import Callable

Accepts = Callable[[int, int], bool]
"""Whether a token is accepted: `accepts(mark, token)`."""


def everything(mark: int, token: int) -> bool:
    """A guard whose check was taken out."""
    return True


def only_larger(mark: int, token: int) -> bool:
    """`<` in the place of `<=`."""
    return mark < token


def as_text(mark: int, token: int) -> bool:
    """Text compared in the place of numbers."""
    return str(mark) <= str(token) or mark == 0


def as_single_precision(mark: int, token: int) -> bool:
    """Numbers that are not exact up to the largest token."""
    return _single(mark) <= _single(token)


def _single(number: int) -> float:
    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


JUDGES: dict[str, Accepts] = {"everything": everything, "only larger": only_larger, "as text": as_text}
CAUGHT_BY = {
    "everything": "lower_token_is_refused_and_writes_nothing",
    "only larger": "equal_token_is_accepted_again",
    "as text": "tokens_compare_as_numbers",
    "two steps": "check_and_change_are_one_step",
}
