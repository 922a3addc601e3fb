"""Owns the guard of an HTTP service: which requests are let in, by the token in `X-Fencing-Token`.

`asgi.py` and `aiohttp.py` put it before an application. Requests of one term run side by side. A higher token shuts
older ones out at once and then waits for those in flight to end, so that no older one takes effect after a newer one.
What a handler leaves running after its response is not in flight any more, and not guarded.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from os import PathLike
from pathlib import Path

from leader_sidecar.fencing.mark_file import MarkFile
from leader_sidecar.fencing.refusals import AbsentToken, Busy, MalformedToken, Refusal, StaleToken
from leader_sidecar.fencing.token import read_resource, read_token

HEADER = "X-Fencing-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_STATUS: dict[type[Refusal], tuple[int, str]] = {
    StaleToken: (412, "Stale fencing token"),
    MalformedToken: (400, "Malformed fencing token"),
    AbsentToken: (428, "Fencing token required"),
    Busy: (503, "Older requests are still in flight"),
}


class Guard:
    """Let requests of the newest term in, in one event loop of one process.

    Args:
        resource: what is protected.
        mark_path: the file that keeps the mark over restarts; its folder must exist.
        wait_s: how long a higher token waits for older requests in flight.
        safe_methods: which need no token.
        path: where `GET` shows the mark and `POST` stamps; None for nowhere.

    Raises:
        Busy: another process guards with this file; a service of several processes needs a guard in its database.
    """

    def __init__(
        self,
        resource: str,
        mark_path: str | PathLike[str],
        *,
        wait_s: float = 10.0,
        safe_methods: frozenset[str] = SAFE_METHODS,
        path: str | None = "/fence",
    ) -> None:
        self.resource, self.safe_methods, self.path = read_resource(resource), safe_methods, path
        self._wait_s = wait_s
        self._in_flight: Counter[int] = Counter()
        self._left = asyncio.Event()
        self._mark = MarkFile(Path(mark_path), self.resource)
        self._held = ExitStack()
        self._held.enter_context(self._mark.locked(0.0))
        self._newest = self._mark.read()

    @asynccontextmanager
    async def admit(self, headers: Sequence[str]) -> AsyncIterator[int]:
        """Let one request in for the length of the block.

        Args:
            headers: every value of `X-Fencing-Token` that the request carries.

        Yields:
            The token.

        Raises:
            Refusal: as `answer` tells it.
        """
        if len(headers) > 1:
            raise MalformedToken(self.resource, ", ".join(headers))
        token = read_token(headers[0] if headers else None, self.resource)
        self.stamp(token)
        if any(older < token for older in self._in_flight):
            await self._older_end(token)
        if token < self._newest:  # while it waited
            raise StaleToken(self.resource, token, self._newest)
        self._in_flight[token] += 1
        try:
            yield token
        finally:
            self._in_flight[token] -= 1
            if not self._in_flight[token]:
                del self._in_flight[token]
            self._left.set()
            self._left = asyncio.Event()

    def stamp(self, token: object) -> None:
        """Shut older terms out from now on; those in flight go on. Raises as `admit`."""
        number = read_token(token, self.resource)
        if number < self._newest:
            raise StaleToken(self.resource, number, self._newest)
        if number > self._newest:
            self._mark.raise_to(number)
            self._newest = number

    def status(self) -> int:
        """Return the high-water mark, 0 before the first write."""
        return self._newest

    def reset(self, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it.
            token: of the term that leads now.

        Returns:
            False where the mark is another by now, or requests are in flight; it stays then.
        """
        number = read_token(token, self.resource)
        if self._newest != poisoned or self._in_flight:
            return False
        self._mark.replace(number)
        self._newest = number
        return True

    def close(self) -> None:
        """Let another guard have the mark's file."""
        self._held.close()

    async def _older_end(self, token: int) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                while any(older < token for older in self._in_flight):
                    await self._left.wait()
        except TimeoutError:
            raise Busy(self.resource, self._wait_s) from None


def answer(refusal: Refusal) -> tuple[int, dict[str, str], bytes]:
    """Say a refusal over HTTP.

    Returns:
        Status, headers and a problem document (RFC 9457).

    Source: DESIGN §10.
    """
    status, title = _STATUS[type(refusal)]
    told = {"type": "about:blank", "title": title, "status": status, "detail": str(refusal)}
    told["resource"] = refusal.resource
    if isinstance(refusal, StaleToken):
        told["highWater"] = refusal.high_water
    headers = {"Content-Type": "application/problem+json"}
    if status == 503:
        headers["Retry-After"] = "1"
    return status, headers, json.dumps(told).encode()


def shown(guard: Guard) -> bytes:
    """Write what `GET` at the guard's own path is answered with."""
    return json.dumps({"resource": guard.resource, "highWater": guard.status()}).encode()
