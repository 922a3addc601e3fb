"""Owns the stream of changes of one election: server-sent events at `/leader/events`."""

import asyncio

from aiohttp import web

from leader_sidecar.serving.document import document
from leader_sidecar.serving.leader import Closing, change
from leader_sidecar.serving.query import Query
from leader_sidecar.serving.view import ElectionView

COMMENT_S = 10.0
SEND_S = 10.0
"""A reader that takes nothing for this long has gone."""


async def events(view: ElectionView, request: web.BaseRequest, closing: Closing) -> web.StreamResponse:
    """Tell the answer now and at each change, `leader` or `follower`, with a comment in quiet times."""
    Query(request, ())
    stream = web.StreamResponse(headers={"Cache-Control": "no-store", "Content-Type": "text/event-stream"})
    await stream.prepare(request)
    if request.method == "HEAD":
        return stream
    told = -1
    while not closing.done():
        now = view.answer()
        if now.index != told:
            told = now.index
            kind = "leader" if now.is_leader else "follower"
            message = f"event: {kind}\nid: {told}\ndata: {document(now, late=True)}\n\n"
        else:
            message = ": still here\n\n"
        try:
            async with asyncio.timeout(SEND_S):
                await stream.write(message.encode())
        except TimeoutError:
            if request.transport:
                request.transport.abort()  # to close would be to wait until it has read what is left
            return stream
        await change(view, told, COMMENT_S, closing)
    await stream.write_eof()
    return stream
