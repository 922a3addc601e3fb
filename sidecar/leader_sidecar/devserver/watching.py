"""Owns the stream of a watch: what it begins with, its changes as they happen, its bookmarks, and its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from leader_sidecar.devserver.selection import Selector, is_true, parse_timeout_s, parse_version
from leader_sidecar.devserver.status import ApiError, JsonObject, Resource
from leader_sidecar.devserver.store import Key, Store, encode, watch_line, with_kind

# A watch without a timeout ends after half an hour to an hour, as on a real server.
_DEFAULT_TIMEOUT_S = (1800, 3600)
# The last bookmark comes this long before the end, so that a client may begin again where it was.
_LAST_BOOKMARK_S = 2.0
WRITE_S = 10.0
_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True)
class Watch:
    """What a client asked to watch.

    Attributes:
        version: tell what came after it; 0 means: begin with the objects that exist, as ADDED.
        timeout_s: when the stream ends.
        bookmarks: whether to tell, now and then, the version that the stream has reached.
    """

    resource: Resource
    selector: Selector
    version: int
    timeout_s: float
    bookmarks: bool


def read_watch(resource: Resource, selector: Selector, query: Mapping[str, str]) -> Watch:
    """Read a watch from a request's query.

    Raises: ApiError 400, and 500 for a garbled resourceVersion, as the real server answers it.
    """
    asked_s = parse_timeout_s(query.get("timeoutSeconds", ""))
    timeout_s = random.uniform(*_DEFAULT_TIMEOUT_S) if asked_s is None else float(max(asked_s, 0))
    text = query.get("resourceVersion", "")
    try:
        version = parse_version(text)
    except ValueError as error:
        raise ApiError(500, f'resourceVersion: Invalid value: "{text}": {error}') from None
    return Watch(resource, selector, version, timeout_s, is_true(query.get("allowWatchBookmarks")))


async def stream(store: Store, watch: Watch, request: web.Request, bookmark_interval_s: float) -> web.StreamResponse:
    """Answer a watch until its time is over, its start is too old, or the server stops."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    with store.waiting() as changed:
        try:
            await _tell(store, watch, request, response, changed, bookmark_interval_s)
        except TimeoutError:
            # The client does not read: it must not hold the stream beyond its end.
            if request.transport is not None:
                request.transport.abort()
    return response


async def _tell(
    store: Store,
    watch: Watch,
    request: web.Request,
    response: web.StreamResponse,
    changed: asyncio.Event,
    bookmark_interval_s: float,
) -> None:
    now_s = asyncio.get_running_loop().time
    ends_at_s = now_s() + watch.timeout_s
    bookmarks = _Bookmarks(watch, now_s(), ends_at_s, bookmark_interval_s)
    # Both in one step: nothing can change between the objects told first and the version that changes count from.
    lines, began = _initial_lines(store, watch)
    reached = began
    await response.prepare(request)
    await _send(response, lines)
    while not store.closed:
        changed.clear()
        try:
            changes = store.changes_after(reached)
        except ApiError as error:
            await _send(response, [encode({"type": "ERROR", "object": error.status})])
            break
        # In the same step as the reading, so that a bookmark never runs ahead of what was sent.
        reached = max(reached, store.version)
        await _send(response, [change.line for change in changes if _is_meant(watch, change.key)])
        if now_s() >= ends_at_s:
            break
        # A bookmark that says what the client knew at the beginning is not sent, by a real server neither.
        if bookmarks.is_due(now_s()) and reached > began:
            await _send(response, [_bookmark(watch.resource, reached)])
        await _wait(changed, min(ends_at_s, bookmarks.due_at_s) - now_s())
    await response.write_eof()


class _Bookmarks:
    """Say when the next bookmark is due: at intervals, and shortly before the end."""

    def __init__(self, watch: Watch, now_s: float, ends_at_s: float, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_at_s = ends_at_s - _LAST_BOOKMARK_S
        self.due_at_s = self._next(now_s) if watch.bookmarks else float("inf")

    def is_due(self, now_s: float) -> bool:
        """Say whether one is due; if so, the next one is due later."""
        if now_s < self.due_at_s:
            return False
        self.due_at_s = self._next(now_s)
        return True

    def _next(self, now_s: float) -> float:
        at_s = now_s + self._interval_s
        return min(at_s, self._last_at_s) if now_s < self._last_at_s else at_s


def _initial_lines(store: Store, watch: Watch) -> tuple[list[bytes], int]:
    if watch.version:
        return [], watch.version
    items = [
        item for item in store.select(watch.resource, watch.selector.namespace) if watch.selector.takes_object(item)
    ]
    lines = [watch_line("ADDED", watch.resource, item) for item in items]
    if watch.bookmarks:
        lines.append(_bookmark(watch.resource, store.version, _INITIAL_EVENTS_END))
    return lines, store.version


def _bookmark(resource: Resource, version: int, annotations: dict[str, str] | None = None) -> bytes:
    metadata: JsonObject = {"resourceVersion": str(version)}
    if annotations:
        metadata["annotations"] = annotations
    return encode({"type": "BOOKMARK", "object": with_kind(resource, {"metadata": metadata, "spec": {}})})


def _is_meant(watch: Watch, key: Key) -> bool:
    return key[0] == watch.resource.plural and watch.selector.takes(key[1], key[2])


async def _send(response: web.StreamResponse, lines: list[bytes]) -> None:
    if lines:
        async with asyncio.timeout(WRITE_S):
            await response.write(b"".join(lines))


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            await changed.wait()
    except TimeoutError:
        return
