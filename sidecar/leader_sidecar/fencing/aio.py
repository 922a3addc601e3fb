"""Owns `Leadership` for asyncio: the same words as `leader_sidecar.fencing.Leadership`, to be awaited.

async for term in Leadership().terms():
    while term:
        await term.check(2.0)
        await pay_next_batch(term.token)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from leader_sidecar.fencing.sight import Sight, now_s, read_sight
from leader_sidecar.fencing.term import NotLeading, TermView
from leader_sidecar.fencing.wire import (
    ANSWER_S,
    LONGEST_BYTES,
    QUIET_S,
    Address,
    EventStream,
    NoAnswer,
    read_address,
    read_answer,
)

__all__ = ["Leadership", "NotLeading", "Term"]

_RETRY_S = 0.5
_REFRESH_S = 2.0


class Term(TermView):
    """One term of this pod.

    Args:
        ended: set when the term is over, for a term that `terms()` gave.
    """

    def __init__(self, sight: Sight, address: Address) -> None:
        super().__init__(sight)
        self.ended = asyncio.Event()
        self._address = address

    async def check(self, left_s: float = 0.0) -> None:
        """Make sure, before work, that more than `left_s` seconds are left; raises `NotLeading` otherwise."""
        if self.valid_for_s <= left_s:
            await self.refresh()
        self.require(left_s)

    async def refresh(self) -> None:
        """Ask the sidecar how much is left; where it does not answer, what it told before holds."""
        try:
            self.learn(await ask(self._address))
        except NoAnswer:
            if not self:
                self.learn(None)

    def over(self) -> None:
        self.ended.set()


class Leadership:
    """What the sidecar beside this program says; arguments and errors as `leader_sidecar.fencing.Leadership`."""

    def __init__(self, url: str | None = None, election: str | None = None) -> None:
        self._address = read_address(url, election)

    async def term(self) -> Term | None:
        """Ask once. Returns: the term, or None when this pod does not lead or the sidecar does not answer."""
        try:
            sight = await ask(self._address)
        except NoAnswer:
            return None
        return Term(sight, self._address) if sight else None

    async def wait(self, timeout_s: float | None = None) -> Term:
        """Wait until this pod leads; raises `NotLeading` when the time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    term = await self.term() or await self._next()
                    if term is not None:
                        return term
                    await asyncio.sleep(_RETRY_S)
        except TimeoutError:
            raise NotLeading(f"this pod did not come to lead within {timeout_s:g}s") from None

    async def terms(self) -> AsyncIterator[Term]:
        """Give each term of this pod, when it begins; `term.ended` is set, and the term false, when it is lost.

        A task follows the sidecar's events until the caller asks for the next term. A term whose work ends early is
        waited out.
        """
        while True:
            term = await self.wait()
            following = asyncio.create_task(self._follow(term))
            try:
                yield term
                await term.ended.wait()
            finally:
                term.learn(None)
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    async def _next(self) -> Term | None:
        try:
            async with _events(self._address) as events:
                while True:
                    for sight in await events.read(QUIET_S):
                        if sight is not None:
                            return Term(sight, self._address)
        except NoAnswer:
            return None

    async def _follow(self, term: Term) -> None:
        try:
            while term:
                try:
                    await self._listen(term)
                except NoAnswer:
                    await asyncio.sleep(term.pause_s(_RETRY_S))
                    await term.refresh()
        finally:
            term.learn(None)

    async def _listen(self, term: Term) -> None:
        async with _events(self._address) as events:
            while term:
                heard = await events.read(term.pause_s(_REFRESH_S))
                for sight in heard:
                    term.learn(sight)
                if not heard:
                    await term.refresh()


class _Events:
    """A stream of `/leader/events`."""

    def __init__(self, reader: asyncio.StreamReader, asked_at_s: float) -> None:
        self._reader, self._stream = reader, EventStream()
        self._asked_at_s = self._heard_at_s = asked_at_s

    async def read(self, timeout_s: float) -> list[Sight | None]:
        """Wait for events; nothing when the time is up first; raises `NoAnswer` when the stream is broken."""
        try:
            async with asyncio.timeout(timeout_s):
                data = await self._reader.read(LONGEST_BYTES)
        except TimeoutError:
            if now_s() - self._heard_at_s > QUIET_S:
                raise NoAnswer("the stream of events is silent") from None
            return []
        except OSError as error:
            raise NoAnswer(str(error)) from None
        self._heard_at_s = now_s()
        return [read_sight(told, self._asked_at_s, self._heard_at_s) for told in self._stream.feed(data)]


@asynccontextmanager
async def _events(address: Address) -> AsyncIterator[_Events]:
    asked_at_s = now_s()
    async with _connected(address, "/events") as reader:
        yield _Events(reader, asked_at_s)


async def ask(address: Address) -> Sight | None:
    """Ask once whether this pod leads; raises `NoAnswer` when the sidecar did not answer, or not in time."""
    asked_at_s, answer = now_s(), b""
    async with _connected(address, "") as reader:
        try:
            async with asyncio.timeout(ANSWER_S):
                while (part := await reader.read(LONGEST_BYTES)) and len(answer) <= LONGEST_BYTES:
                    answer += part
        except OSError as error:
            raise NoAnswer(str(error)) from None
    return read_sight(read_answer(answer), asked_at_s, now_s())


@asynccontextmanager
async def _connected(address: Address, suffix: str) -> AsyncIterator[asyncio.StreamReader]:
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(address.host, address.port)
    except OSError as error:
        raise NoAnswer(str(error)) from None
    try:
        writer.write(address.request(suffix))
        yield reader
    finally:
        writer.transport.abort()
