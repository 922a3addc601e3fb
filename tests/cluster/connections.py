"""Owns the end of the connections that a test made in its event loop."""

from __future__ import annotations

import asyncio


async def until_closed() -> None:
    """Wait until every connection of this loop is closed; one over TLS says good-bye first, and waits for the answer.

    Raises: TimeoutError where something keeps a connection open.
    """
    transports = getattr(asyncio.get_running_loop(), "_transports", {})
    async with asyncio.timeout(5.0):
        while any(one._sock is not None for one in transports.values()):
            await asyncio.sleep(0.005)
