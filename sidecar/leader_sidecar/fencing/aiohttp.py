"""Owns the guard before an aiohttp application.

    payouts = Guard("payouts", "/data/payouts.fence")
    app = web.Application(middlewares=[fenced(payouts)])  # 412 stale, 400 malformed, 428 absent, 503 still in flight

Let handlers run to their end (`handler_cancellation=False`, which is aiohttp's default).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from leader_sidecar.fencing.http import HEADER, Guard, answer, shown
from leader_sidecar.fencing.refusals import Refusal

__all__ = ["TOKEN", "Guard", "fenced"]

TOKEN: Any = web.RequestKey("fencing_token", int) if hasattr(web, "RequestKey") else "fencing_token"
"""Under which a handler finds the token of its request, `request[TOKEN]`; older aiohttp knows plain names."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Middleware = Callable[[web.Request, _Handler], Awaitable[web.StreamResponse]]


def fenced(guard: Guard) -> _Middleware:
    """Make the middleware that lets requests through while their term is the newest.

    WebSockets are refused: they would outlive the check. The token is in `request[TOKEN]`.

    Args:
        guard: of what the application writes to.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            raise web.HTTPForbidden(text="a guarded service takes no WebSockets")
        ours = request.path == guard.path
        if ours and request.method == "GET":
            return web.Response(body=shown(guard), content_type="application/json")
        if not ours and request.method in guard.safe_methods:
            return await handler(request)
        admitted = False
        try:
            async with guard.admit(request.headers.getall(HEADER, [])) as token:
                admitted = True
                request[TOKEN] = token
                return web.Response(status=204) if ours else await handler(request)
        except Refusal as refusal:
            if admitted:  # the handler's own, of another resource
                raise
            status, headers, body = answer(refusal)
            return web.Response(status=status, headers=headers, body=body)

    return middleware
