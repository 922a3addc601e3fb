"""Owns the guard before an ASGI application: Starlette, FastAPI, Django, Quart, under any server that runs asyncio.

payouts = Guard("payouts", "/data/payouts.fence")
app = Fenced(app, payouts)  # 412 stale, 400 malformed, 428 absent, 503 older requests still in flight
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from leader_sidecar.fencing.http import HEADER, Guard, answer, shown
from leader_sidecar.fencing.refusals import Refusal

__all__ = ["Fenced", "Guard"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_NAME = HEADER.lower().encode()


class Fenced:
    """Let requests through to an application while their term is the newest.

    WebSockets are refused: they would outlive the check. The token is in `scope["fencing_token"]`.

    Args:
        app: takes what was let in; has ended a request when its call returns.
        guard: of what the application writes to.
    """

    def __init__(self, app: _App, guard: Guard) -> None:
        self.app, self.guard = app, guard

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "a guarded service takes no WebSockets"})
            return
        ours = scope["type"] == "http" and scope["path"] == self.guard.path
        if ours and scope["method"] == "GET":
            await _send(send, 200, {"Content-Type": "application/json"}, shown(self.guard))
            return
        if scope["type"] != "http" or (not ours and scope["method"] in self.guard.safe_methods):
            await self.app(scope, receive, send)
            return
        tokens = [value.decode("latin-1") for name, value in scope["headers"] if name == _NAME]
        admitted = False
        try:
            async with self.guard.admit(tokens) as token:
                admitted = True
                if ours:
                    await _send(send, 204, {}, b"")
                else:
                    await self.app({**scope, "fencing_token": token}, receive, send)
        except Refusal as refusal:
            if admitted:  # the application's own, of another resource
                raise
            await _send(send, *answer(refusal))


async def _send(send: _Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if body:
        pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
