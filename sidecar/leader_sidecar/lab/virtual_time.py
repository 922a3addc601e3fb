"""Owns virtual time: a queue of calls, each at its instant; those of one instant run in the order of their making."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

_Call = tuple[float, int, Callable[..., object], tuple[Any, ...]]


class VirtualTime:
    """The world's clock, which only the queue moves; no candidate can read it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.handled = 0
        """How many calls were made so far."""
        self._queue: list[_Call] = []
        self._made = 0

    def at(self, at_s: float, call: Callable[..., object], *args: Any) -> None:
        """Make this call at this instant, or now if that has passed."""
        self._made += 1
        heappush(self._queue, (at_s if at_s > self.now_s else self.now_s, self._made, call, args))

    def after(self, delay_s: float, call: Callable[..., object], *args: Any) -> None:
        """Make this call after this time."""
        self._made += 1
        heappush(self._queue, (self.now_s + delay_s, self._made, call, args))

    def run(self, until_s: float) -> None:
        """Make all calls up to this instant, in order; what they add comes too."""
        queue = self._queue
        handled = 0
        try:
            while queue and queue[0][0] <= until_s:
                self.now_s, _, call, args = heappop(queue)
                handled += 1
                call(*args)
            self.now_s = until_s
        finally:
            self.handled += handled
