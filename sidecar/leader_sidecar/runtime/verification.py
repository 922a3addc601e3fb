"""Owns the quorum reads behind `?verify=true`: shared by many askers, each served by a read sent after it asked."""

import asyncio
from collections.abc import Awaitable, Callable

from leader_sidecar.core.messages import ReadOutcome

Ask = Callable[[float], Awaitable[ReadOutcome]]


class SharedReads:
    """Read on demand, one at a time; askers that come during a read share the next one (DESIGN §12.7).

    Args:
        ask: one quorum read within so many seconds.
        timeout_s: for one read.
    """

    def __init__(self, ask: Ask, timeout_s: float) -> None:
        self._ask = ask
        self._timeout_s = timeout_s
        self._running: asyncio.Task[ReadOutcome] | None = None
        self._next: asyncio.Task[ReadOutcome] | None = None

    async def read(self) -> ReadOutcome:
        """Return the outcome of a read that was sent after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        # An asker that leaves must not take the read from the others.
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[ReadOutcome] | None) -> ReadOutcome:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._ask(self._timeout_s)
