"""Owns the answers about one election: `/leader`, `/leader/check`, `/leader/resign` (DESIGN §5).

What is told is computed after the last wait of a request: an answer is about the instant at which it is made.
"""

import asyncio

from aiohttp import web

from leader_sidecar.serving.document import document, fencing_headers
from leader_sidecar.serving.problem import Problem
from leader_sidecar.serving.query import Query
from leader_sidecar.serving.view import ElectionView

LONGEST_WAIT_S = 60.0
LONGEST_COOLDOWN_S = 3600.0
_LONGEST_VALIDITY_S = 3600.0
_DEFAULT_WAIT_S = 30.0
_VERIFY_S = 5.0
_JSON = "application/json"

Closing = asyncio.Future[None]
"""Done when the process stops serving: whoever waits is then answered as things stand."""


async def leader(view: ElectionView, request: web.BaseRequest, closing: Closing) -> web.Response:
    """Say who leads; with `index`, when that has changed; with `verify=true`, after a quorum read."""
    # Most ask without parameters, and often.
    waits = "?" in request.raw_path and await _as_asked(view, Query(request, ("index", "wait", "verify")), closing)
    now = view.answer()
    body = document(now, late=waits).encode()
    return web.Response(body=body, content_type=_JSON, headers=fencing_headers(now))


async def _as_asked(view: ElectionView, query: Query, closing: Closing) -> bool:
    """Wait and verify as the parameters say. Returns: whether the answer may have been waited for."""
    verify, waits = query.truth("verify"), "index" in query
    wait_s = query.duration("wait", _DEFAULT_WAIT_S, LONGEST_WAIT_S)
    if waits:
        await change(view, query.index(), wait_s, closing)
    elif "wait" in query:
        raise Problem(400, "wait is given without index: give back the index of an earlier answer, such as index=17")
    if verify and not await view.verify(_VERIFY_S):
        detail = "leadership could not be verified at the API server in time: ask again, or ask without verify"
        raise Problem(503, detail, {"Retry-After": "1"})
    return waits


async def check(view: ElectionView, request: web.BaseRequest, _: Closing) -> web.Response:
    """Answer 200 with the token as text when leading, for `minValid` at least, else 503."""
    min_valid_s = Query(request, ("minValid",)).duration("minValid", 0.0, _LONGEST_VALIDITY_S)
    now = view.answer()
    if not now.is_leader:
        raise Problem(503, f"{now.self_name} does not lead {now.election}")
    if now.valid_for_s < min_valid_s:
        raise Problem(503, f"{now.self_name} leads {now.election} for {now.valid_for_s:g}s only: ask again soon")
    return web.Response(text=f"{now.token}\n", headers=fencing_headers(now))


async def resign(view: ElectionView, request: web.BaseRequest, _: Closing) -> web.Response:
    """Step down, and stay out for `cooldown`."""
    cooldown_s = Query(request, ("cooldown",)).duration("cooldown", 0.0, LONGEST_COOLDOWN_S)
    if "Origin" in request.headers:
        raise Problem(403, "a web page may not make this pod resign: ask without an Origin header")
    if not view.resign(cooldown_s):
        raise Problem(409, f"{view.answer().self_name} does not lead {view.name}: there is nothing to resign from")
    now = view.answer()
    return web.Response(status=202, body=document(now).encode(), content_type=_JSON, headers=fencing_headers(now))


async def change(view: ElectionView, index: int, timeout_s: float, closing: Closing) -> None:
    """Wait until the answer's index is another, the time is up, or serving ends."""
    waiting = asyncio.ensure_future(view.changed(index, timeout_s))
    try:
        await asyncio.wait([waiting, closing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if waiting.done() and not waiting.cancelled():
        waiting.result()
