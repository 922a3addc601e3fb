"""A reverse proxy between one sidecar and its API server, which harms what passes when it is told to.

It speaks plain HTTP to the sidecar, so that it can tell requests apart, and whatever the API server speaks to it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from cluster.kubeconfig import write_kubeconfig

_ACTION_S = 10.0
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


@dataclass(frozen=True)
class Harm:
    """What is done to each request; with no argument, nothing.

    Args:
        delay_s: it is passed on so much later.
        loses_request: its connection is reset, and it is not passed on.
        loses_answer: it is passed on, and its connection is reset in the place of an answer.
        holds: nothing passes either way until the harm is over; what was sent meanwhile then arrives late.
        status: it is answered so and not passed on; `body` and `headers` go with it.
        writes_only: reads and watches pass as ever.
    """

    delay_s: float = 0.0
    loses_request: bool = False
    loses_answer: bool = False
    holds: bool = False
    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    writes_only: bool = False

    @property
    def resets(self) -> bool:
        return self.loses_request or self.loses_answer


class Proxy:
    """Serve on a port of its own, on a thread of its own, while the context lasts.

    Attributes:
        struck: how many requests were harmed.

    Args:
        kubeconfig: of the API server, with a token.
    """

    def __init__(self, kubeconfig: Path) -> None:
        document = json.loads(kubeconfig.read_text())
        self._cluster, self._user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        self._harm, self._over, self._ended = Harm(), asyncio.Event(), asyncio.Event()
        self._open: set[asyncio.Transport] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._serves = threading.Event()
        self.url = ""
        self.struck = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._serves.wait(_ACTION_S), "the proxy does not serve"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(_ACTION_S)

    def kubeconfig(self, file: Path) -> Path:
        """Write the kubeconfig of a sidecar that asks by way of this proxy. Returns: `file`."""
        return write_kubeconfig(file, self.url, token=self._user.get("token"))

    @contextlib.contextmanager
    def doing(self, harm: Harm) -> Iterator[None]:
        """Harm what passes, while the context lasts.

        Raises: AssertionError when nothing passed: a fault that struck nobody proves nothing.
        """
        before = self.struck
        self._change(harm)
        try:
            yield
        finally:
            self._change(Harm())
        assert self.struck > before, f"nothing passed that {harm} could have harmed"

    def _change(self, harm: Harm) -> None:
        asyncio.run_coroutine_threadsafe(self._set(harm), self._loop).result(_ACTION_S)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._start()
        self._serves.set()
        await self._ended.wait()
        await self._stop()

    async def _set(self, harm: Harm) -> None:
        self._harm, over, self._over = harm, self._over, asyncio.Event()
        over.set()
        if harm.resets and not harm.writes_only:
            for transport in self._open:
                transport.abort()

    async def _start(self) -> None:
        tls: ssl.SSLContext | bool = True
        if authority := self._cluster.get("certificate-authority-data"):
            tls = ssl.create_default_context(cadata=base64.b64decode(authority).decode())
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
        )
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        self._over.set()
        for transport in self._open:
            transport.abort()
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        self._open.add(transport)
        try:
            return await self._pass_on(request, transport.abort)
        except aiohttp.ClientError as error:  # who asked is gone, or the API server is
            raise ConnectionResetError from error
        finally:
            self._open.discard(transport)

    async def _pass_on(self, request: web.BaseRequest, reset: Callable[[], None]) -> web.StreamResponse:
        body, harm = await request.read(), self._harm
        if harm.writes_only and request.method == "GET":
            harm = Harm()
        self.struck += harm != Harm()
        if harm.holds:
            await self._over.wait()
        await asyncio.sleep(harm.delay_s)
        if harm.status:
            return web.Response(status=harm.status, body=harm.body.encode(), headers=harm.headers)
        if harm.loses_request:
            reset()
            raise ConnectionResetError
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = self._cluster["server"] + request.path_qs
        async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
            if harm.loses_answer:
                await answer.read()
                reset()
                raise ConnectionResetError
            return await self._pass_back(request, answer)

    async def _pass_back(self, request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        back = web.StreamResponse(status=answer.status, headers=kept)
        await back.prepare(request)
        async for chunk in answer.content.iter_any():
            while self._harm.holds:
                await self._over.wait()
            await back.write(chunk)
        await back.write_eof()
        return back
