"""Shared quorum reads: each asker is served by a read that began after it asked, and a crowd by two."""

from __future__ import annotations

import asyncio
import contextlib

from leader_sidecar.core.messages import ReadOutcome, Unknown
from leader_sidecar.runtime.verification import SharedReads


class SlowReads:
    """Answer each read when told to, with its number."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[None]] = []

    async def ask(self, timeout_s: float) -> ReadOutcome:
        assert timeout_s == 1.5
        self.begun.append(asyncio.get_running_loop().create_future())
        number = len(self.begun)
        await self.begun[-1]
        return Unknown(str(number))


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_askers_during_a_read_share_the_next_one() -> None:
    slow = SlowReads()
    reads = SharedReads(slow.ask, 1.5)
    first = asyncio.create_task(reads.read())
    await settle()
    crowd = [asyncio.create_task(reads.read()) for _ in range(20)]
    await settle()
    assert len(slow.begun) == 1
    slow.begun[0].set_result(None)
    await settle()
    assert len(slow.begun) == 2
    slow.begun[1].set_result(None)
    assert await first == Unknown("1")
    assert set(await asyncio.gather(*crowd)) == {Unknown("2")}


async def test_an_asker_that_leaves_takes_nothing_from_the_others() -> None:
    slow = SlowReads()
    reads = SharedReads(slow.ask, 1.5)
    leaver, other = asyncio.create_task(reads.read()), asyncio.create_task(reads.read())
    await settle()
    leaver.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await leaver
    slow.begun[0].set_result(None)
    assert await other == Unknown("1")
