"""Two small HTTP services behind the guard, ASGI and aiohttp: `python -m guards.http_services KIND SOCKET FOLDER`.

Each resource has a guard of its own at /NAME; POST /NAME/entries appends the body, once it has come whole, to a file.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from aiohttp import web

from guards.bad_elsewhere import HTTP_GUARDS
from leader_sidecar.fencing import aiohttp as aiohttp_guard
from leader_sidecar.fencing import asgi
from leader_sidecar.fencing.http import Guard

WAIT_S = 20.0
GUARDS: dict[str, type[Guard]] = {"right": Guard, **HTTP_GUARDS}


class Entries:
    """The data of one resource, and who is being served: an entry is (token, text) on a line of a file."""

    def __init__(self, folder: Path, name: str, kind: type[Guard]) -> None:
        self.file = folder / f"{name}.entries"
        self.guard = kind(name, folder / f"{name}.fence", wait_s=WAIT_S, path=f"/{name}/fence")
        self.serving: set[str] = set()

    def append(self, token: int, body: bytes) -> None:
        with self.file.open("ab") as file:
            file.write(b"%d:%s\n" % (token, body))


class Services:
    """All resources, each made when first asked for."""

    def __init__(self, folder: Path, kind: type[Guard]) -> None:
        self._folder, self._kind = folder, kind
        self._all: dict[str, Entries] = {}

    def __getitem__(self, name: str) -> Entries:
        if name not in self._all:
            self._all[name] = Entries(self._folder, name, self._kind)
        return self._all[name]


def asgi_app(services: Services) -> Any:
    """Serve with raw ASGI."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        _, name, what = scope["path"].split("/")
        entries = services[name]
        if scope["method"] == "GET":
            return await _reply(send, "\n".join(entries.serving).encode())
        number = dict(scope["headers"])[b"x-number"].decode()
        if what == "reset":
            return await _reply(send, _reset(entries, number))
        entries.serving.add(number)
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        entries.append(scope["fencing_token"], body)
        return await _reply(send, b"")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        _, name, what = scope["path"].split("/")
        inner = serve if what == "reset" else asgi.Fenced(serve, services[name].guard)
        await inner(scope, receive, send)

    return app


async def _reply(send: Any, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


def _reset(entries: Entries, number: str) -> bytes:
    poisoned, token = number.split(",")
    return b"true" if entries.guard.reset(int(poisoned), token) else b"false"


def aiohttp_app(services: Services) -> web.Application:
    """Serve with aiohttp."""

    async def serve(request: web.Request) -> web.Response:
        entries = services[request.match_info["name"]]
        if request.method == "GET":
            return web.Response(text="\n".join(entries.serving))
        number = request.headers["X-Number"]
        if request.match_info["what"] == "reset":
            return web.Response(body=_reset(entries, number))
        entries.serving.add(number)
        entries.append(request[aiohttp_guard.TOKEN], await request.read())
        return web.Response()

    @web.middleware
    async def guard(request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
        if request.match_info["what"] == "reset":
            return web.Response(body=_reset(services[request.match_info["name"]], request.headers["X-Number"]))
        answer: web.StreamResponse = await aiohttp_guard.fenced(services[request.match_info["name"]].guard)(
            request, handler
        )
        return answer

    app = web.Application(middlewares=[guard])
    app.router.add_route("*", "/{name}/{what}", serve)
    return app


def main() -> None:
    """Serve until killed."""
    kind, socket, folder, guard = sys.argv[1:]
    services = Services(Path(folder), GUARDS[guard])
    if kind == "asgi":
        settings = uvicorn.Config(asgi_app(services), uds=socket, log_level="warning", lifespan="off", loop="asyncio")
        asyncio.run(uvicorn.Server(settings).serve())
    else:
        web.run_app(aiohttp_app(services), path=socket, print=None)


if __name__ == "__main__":
    main()
