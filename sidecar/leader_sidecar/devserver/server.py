"""Owns the running development server: its listening socket, its address, its kubeconfig and its end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from leader_sidecar.devserver.routes import Routes
from leader_sidecar.devserver.store import Store

_BOOKMARK_INTERVAL_S = 60.0
_STOP_S = 1.0


class DevServer:
    """Serve one store over HTTP until `stop`; made by `start`.

    Attributes:
        url: such as `http://127.0.0.1:49153`.
        token: what requests must carry, or None.
        store: the objects, for a test that looks at them or changes them beside the API.
    """

    def __init__(self, runner: web.AppRunner, store: Store, url: str, token: str | None) -> None:
        self._runner = runner
        self.store = store
        self.url = url
        self.token = token

    async def stop(self) -> None:
        """End every watch and connection, and stop listening; a second time does nothing."""
        self.store.close()
        await self._runner.cleanup()

    def write_kubeconfig(self, file: Path, namespace: str = "default") -> None:
        """Write a kubeconfig for this server, as JSON, which every reader of YAML takes.

        Raises: OSError when it cannot be written.
        """
        user = {} if self.token is None else {"token": self.token}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "devserver", "cluster": {"server": self.url}}],
            "users": [{"name": "devserver", "user": user}],
            "contexts": [
                {
                    "name": "devserver",
                    "context": {"cluster": "devserver", "user": "devserver", "namespace": namespace},
                }
            ],
            "current-context": "devserver",
        }
        # Made whole beside it and moved into place: who waits for the file never reads half of it.
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(document, indent=2) + "\n")
        draft.replace(file)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def start(
    listen: str = "127.0.0.1:0",
    *,
    token: str | None = None,
    store: Store | None = None,
    bookmark_interval_s: float = _BOOKMARK_INTERVAL_S,
) -> DevServer:
    """Start a development server in this event loop.

    Args:
        listen: `HOST:PORT`; port 0 takes a free one. An IPv6 address stands in brackets.
        token: the bearer token that every request must carry; None lets everybody in.
        store: what to serve; an empty store when None.
        bookmark_interval_s: how often a watch that allows bookmarks gets one.
    Returns: the server, listening.
    Raises: ValueError for an address that is none; OSError when it cannot be listened on.
    """
    host, port = parse_listen(listen)
    store = store or Store()
    application = Routes(store, token, bookmark_interval_s).application()
    # Without cancellation a watch whose client has gone would stay until its end.
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except BaseException:
        await runner.cleanup()
        raise
    bound = runner.addresses[0]
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    return DevServer(runner, store, f"http://{shown}:{bound[1]}", token)


def parse_listen(listen: str) -> tuple[str, int]:
    """Read `HOST:PORT`.

    Raises: ValueError with a sentence that says what is wanted.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
        raise ValueError(f"{listen!r} is no address to listen on: write HOST:PORT, such as 127.0.0.1:8001")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host, int(port)
