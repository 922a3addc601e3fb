"""Owns the check whether operations that overlapped could have happened one after the other: linearizability.

An operation takes effect at one instant between its call and its return, and one whose outcome nobody knows at any
instant after its call, or never. The search tries one order after the other, and never twice from the same
configuration: which operations have taken effect, and what state they left.

Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993); Lowe, "Testing for Linearizability" (2017),
whose memory of configurations this is; porcupine does the same.
"""

import enum
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of one client.

    Args:
        who: the client.
        call: what was asked, as the model knows it.
        called_s, returned_s: on one clock; infinity where no return was seen.
        result: what came back, as the model knows it; None where nobody knows.
    """

    who: str
    call: Any
    called_s: float
    returned_s: float = math.inf
    result: Any = None

    @property
    def known(self) -> bool:
        """Whether its outcome was seen."""
        return self.returned_s < math.inf


Step = Callable[[Any, Operation], Hashable | None]
"""The sequential model: the state after an operation, or None where it cannot have had this result in this state."""


class Verdict(enum.StrEnum):
    """How a check ended."""

    LINEARIZABLE = "linearizable"
    NOT_LINEARIZABLE = "not linearizable"
    UNDECIDED = "undecided"


@dataclass(slots=True)
class Outcome:
    """What a history is.

    Args:
        order: an order in which it could have happened; of one that could not, the longest part of `prefix` that could.
        prefix: of one that could not, the shortest beginning that could not either.
        steps: how many the search took.
    """

    verdict: Verdict
    order: list[Operation] = field(default_factory=list)
    prefix: list[Operation] = field(default_factory=list)
    steps: int = 0

    @property
    def culprit(self) -> Operation | None:
        """The operation whose return no order explains."""
        return max((one for one in self.prefix if one.known), key=lambda one: one.returned_s, default=None)


def check(history: Sequence[Operation], initial: Hashable, step: Step, most_steps: int = MOST_STEPS) -> Outcome:
    """Look for an order of a history.

    Args:
        history: in any order.
        initial: the model's state before it.
        step: the model.
        most_steps: when to give up.
    """
    whole = _search(history, initial, step, most_steps)
    if whole.verdict is not Verdict.NOT_LINEARIZABLE:
        return whole
    # Every beginning of a linearizable history is one, so the shortest that is none is found by halving.
    returns = sorted(one.returned_s for one in history if one.known)
    least, most, found = 0, len(returns) - 1, whole
    found.prefix = list(history)
    while least < most:
        middle = (least + most) // 2
        prefix = until(history, returns[middle])
        tried = _search(prefix, initial, step, most_steps)
        if tried.verdict is Verdict.NOT_LINEARIZABLE:
            most, found = middle, tried
            found.prefix = prefix
        else:
            least = middle + 1
    return found


def until(history: Sequence[Operation], end_s: float) -> list[Operation]:
    """Take what had been seen of a history at an instant: of what had not returned, the outcome is not known."""
    seen = [one for one in history if one.called_s <= end_s]
    return [one if one.returned_s <= end_s else replace(one, returned_s=math.inf, result=None) for one in seen]


def _search(history: Sequence[Operation], initial: Hashable, step: Step, most_steps: int) -> Outcome:
    operations = sorted(history, key=lambda one: one.called_s)
    wanted = sum(1 << number for number, one in enumerate(operations) if one.known)
    left: set[tuple[int, Hashable]] = set()
    steps, order, most, longest = 0, list[int](), 0, list[int]()
    # Of each configuration on the way: what has taken effect, the state, and what may take effect next.
    way: list[tuple[int, Any, Iterator[int]]] = [(0, initial, _candidates(operations, 0))]
    while way:
        done, state, candidates = way[-1]
        if done & wanted == wanted:
            return Outcome(Verdict.LINEARIZABLE, [operations[number] for number in order], steps=steps)
        for number in candidates:
            steps += 1
            if steps > most_steps:
                return Outcome(Verdict.UNDECIDED, steps=steps)
            after = step(state, operations[number])
            if after is None or (after == state and not operations[number].known):
                continue  # it cannot be next, or nobody could tell
            configuration = (done | 1 << number, after)
            if configuration not in left:
                left.add(configuration)
                order.append(number)
                way.append((*configuration, _candidates(operations, configuration[0])))
                break
        else:
            way.pop()
            if (done & wanted).bit_count() > most:
                most, longest = (done & wanted).bit_count(), list(order)
            if order:
                order.pop()
    return Outcome(Verdict.NOT_LINEARIZABLE, [operations[number] for number in longest], steps=steps)


def _candidates(operations: Sequence[Operation], done: int) -> Iterator[int]:
    """Number the operations that may take effect next: none that was called after another one's return.

    The first to return come first, and those of unknown outcome last: that is how it mostly was.
    """
    found, earliest_s = list[int](), math.inf
    for number, one in enumerate(operations):
        if one.called_s > earliest_s:
            break
        if not done >> number & 1:
            found.append(number)
            earliest_s = min(earliest_s, one.returned_s)
    return iter(sorted(found, key=lambda number: operations[number].returned_s))
