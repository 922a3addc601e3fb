"""Owns a cable between one candidate and its API server, which can be cut: bytes as they are, TLS and HTTP/2 within.

A cut cable loses nothing: what is sent into it arrives when it is healed, as TCP's own repetition would have it, and a
connection made meanwhile is made then.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_CHUNK = 65536
_ACTION_S = 10.0


class Cable:
    """Pass bytes between a port of its own and a server, on a thread of its own, while the context lasts.

    Attributes:
        port: of 127.0.0.1, once the context has begun.

    Args:
        port: of the server, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._whole = asyncio.Event()
        self._whole.set()
        self._passing: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_ACTION_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_ACTION_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ACTION_S)
        self._loop.close()

    def cut(self) -> None:
        """Let nothing through, either way."""
        self._now(self._whole.clear)

    def heal(self) -> None:
        """Let everything through again, first what was held back."""
        self._now(self._whole.set)

    def _now(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        done.wait(_ACTION_S)

    async def _start(self) -> None:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        self._listener.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            await self._whole.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            try:
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._pass_on(reader, far_writer))
                    ways.create_task(self._pass_on(far_reader, writer))
            finally:
                far_writer.close()
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._passing.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._whole.wait()
            writer.write(data)
            await writer.drain()
        await self._whole.wait()
        with contextlib.suppress(OSError):
            writer.write_eof()
