"""An election that a test leads by hand; it implements `serving.view.ElectionView` and refuses what nobody prepared."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from leader_sidecar.core.status import Answer, Leader
from leader_sidecar.serving.view import RENEW_BUCKETS_S, Health, Readings

SELF = "payouts-0"
IDENTITY = "payouts-0_0b1c2d3e-0000-4000-8000-000000000001_0123456789abcdef"
OTHER_IDENTITY = "payouts-1_0b1c2d3e-0000-4000-8000-000000000002_fedcba9876543210"
ACQUIRED_AT = "2026-03-01T10:00:00.000000Z"
RENEWED_AT = "2026-03-01T10:05:00.000000Z"
NO_READINGS = Readings(0, 0.0, {}, (0,) * (len(RENEW_BUCKETS_S) + 1), 0.0, False)


class FakeElection:
    """An election whose answers the test sets.

    Args:
        name: `namespace/name`.
    """

    def __init__(self, name: str = "default/payouts") -> None:
        self.name = name
        self.verdicts: list[bool] = []
        """What the next calls of `verify` return, in order; one that was not prepared fails."""
        self.resigned: list[float] = []
        """The cooldowns that were asked for, in seconds."""
        self.state = Health(live=True, ready=True, reason="ok")
        self.figures = NO_READINGS
        self.waiting = 0
        """How many requests wait for a change at this moment."""
        self._changed = asyncio.Condition()
        self._answer = Answer(name, False, None, 0.0, 0.0, None, SELF, IDENTITY, 1)

    async def lead(self, token: int = 418, valid_for_s: float = 8.214) -> None:
        """Let this pod lead."""
        known = Leader(SELF, IDENTITY, token, ACQUIRED_AT, RENEWED_AT)
        await self.tell(
            is_leader=True, token=token, valid_for_s=valid_for_s, valid_until_s=1000.0 + valid_for_s, leader=known
        )

    async def follow(self, leader: Leader | None = None) -> None:
        """Let this pod follow; nobody leads where `leader` is None."""
        await self.tell(is_leader=False, token=None, valid_for_s=0.0, valid_until_s=0.0, leader=leader)

    async def tell(self, **changes: object) -> None:
        """Change the answer, and its index with it."""
        self._answer = replace(self._answer, index=self._answer.index + 1, **changes)  # type: ignore[arg-type]
        async with self._changed:
            self._changed.notify_all()

    def answer(self) -> Answer:
        return self._answer

    async def changed(self, index: int, timeout_s: float) -> None:
        assert 0.0 <= timeout_s <= 60.0, timeout_s
        self.waiting += 1
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._answer.index != index)
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1

    async def verify(self, timeout_s: float) -> bool:
        assert 0.0 < timeout_s <= 10.0, timeout_s
        assert self.verdicts, "nobody prepared a verification"
        return self.verdicts.pop(0)

    def resign(self, cooldown_s: float) -> bool:
        assert 0.0 <= cooldown_s <= 3600.0, cooldown_s
        if not self._answer.is_leader:
            return False
        self.resigned.append(cooldown_s)
        self._answer = replace(
            self._answer,
            is_leader=False,
            token=None,
            valid_for_s=0.0,
            valid_until_s=0.0,
            leader=None,
            index=self._answer.index + 1,
        )
        return True

    def health(self) -> Health:
        return self.state

    def readings(self) -> Readings:
        return self.figures
