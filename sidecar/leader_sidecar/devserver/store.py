"""Owns the objects, their one sequence of versions, and the history that watches are served from.

Nothing here waits: every method runs to its end within one step of the event loop, so each is atomic.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leader_sidecar.devserver.status import JsonObject, Resource, already_exists, conflict, expired

Key = tuple[str, str, str]
MODIFIED_SINCE = "the object has been modified; please apply your changes to the latest version and try again"


@dataclass(frozen=True)
class Change:
    """One change of one object, as watches tell it; `line` is the watch event, ready to be sent."""

    version: int
    key: Key
    line: bytes


class Store:
    """Hold objects of any resource in memory, with one resourceVersion sequence for all, as one etcd does.

    Objects that are handed out are shared: callers do not change them.

    Args:
        history_limit: how many changes are kept for watches that begin in the past; an older start is Expired.
        first_version: the resourceVersion of the first write.
    """

    def __init__(self, history_limit: int = 10_000, first_version: int = 1) -> None:
        self.version = first_version - 1
        self.closed = False
        self._objects: dict[Key, JsonObject] = {}
        self._history: deque[Change] = deque()
        self._history_limit = history_limit
        self._forgotten = self.version
        self._waiting: set[asyncio.Event] = set()

    def get(self, resource: Resource, namespace: str, name: str) -> JsonObject | None:
        """Return an object as it is now, or None."""
        return self._objects.get((resource.plural, namespace, name))

    def select(self, resource: Resource, namespace: str | None = None) -> list[JsonObject]:
        """Return the objects of a resource, of one namespace or (None) of all, ordered by namespace and name."""
        return [
            self._objects[key]
            for key in sorted(self._objects)
            if key[0] == resource.plural and namespace in (None, key[1])
        ]

    def create(self, resource: Resource, namespace: str, content: JsonObject) -> JsonObject:
        """Add an object with a uid, a creationTimestamp and a version of its own.

        Args:
            content: the object with a name in its metadata.
        Raises: ApiError 409 when the name is taken.
        """
        name = content["metadata"]["name"]
        if self.get(resource, namespace, name) is not None:
            raise already_exists(resource, name)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        identity = {"namespace": namespace, "uid": str(uuid.uuid4()), "creationTimestamp": now}
        return self._write("ADDED", resource, {**content, "metadata": {**content["metadata"], **identity}})

    def require_version(self, resource: Resource, current: JsonObject, version: int) -> None:
        """Insist that an object has this version.

        Raises: ApiError 409 when it has another.
        """
        if int(current["metadata"]["resourceVersion"]) != version:
            raise conflict(resource, current["metadata"]["name"], MODIFIED_SINCE)

    def replace(self, resource: Resource, current: JsonObject, content: JsonObject) -> JsonObject:
        """Put new content in the place of an object; where nothing differs, no version is spent and nothing is told.

        Args:
            current: the object as it is now.
            content: what it shall be, with the namespace, uid, creationTimestamp and version of `current`.
        """
        if content == current:
            return current
        return self._write("MODIFIED", resource, content)

    def delete(self, resource: Resource, current: JsonObject) -> None:
        """Remove an object; the removal has a version of its own, which watches tell with the last content."""
        self._write("DELETED", resource, current)

    def changes_after(self, version: int) -> list[Change]:
        """Return the changes later than a version, oldest first.

        Raises: ApiError 410 when some of them are no longer known.
        """
        if version < self._forgotten:
            raise expired(version, self._forgotten)
        later: list[Change] = []
        for change in reversed(self._history):
            if change.version <= version:
                break
            later.append(change)
        later.reverse()
        return later

    @contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set after each change, and when the store closes."""
        event = asyncio.Event()
        if self.closed:
            event.set()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def close(self) -> None:
        """Wake everybody who waits; `closed` is true from now on."""
        self.closed = True
        self._wake()

    def next_version(self) -> int:
        """Spend one version."""
        self.version += 1
        return self.version

    def _write(self, kind: str, resource: Resource, content: JsonObject) -> JsonObject:
        version = self.next_version()
        metadata = {**content["metadata"], "resourceVersion": str(version)}
        written = {**content, "metadata": metadata}
        key = (resource.plural, metadata["namespace"], metadata["name"])
        if kind == "DELETED":
            del self._objects[key]
        else:
            self._objects[key] = written
        self._remember(Change(version, key, watch_line(kind, resource, written)))
        self._wake()
        return written

    def _remember(self, change: Change) -> None:
        self._history.append(change)
        while len(self._history) > self._history_limit:
            self._forgotten = self._history.popleft().version

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()


def with_kind(resource: Resource, content: JsonObject) -> JsonObject:
    """Return an object as it is answered: its kind and apiVersion first."""
    return {"kind": resource.kind, "apiVersion": resource.api_version, **content}


def encode(document: Any) -> bytes:
    """Return a document as the API sends it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass") + b"\n"


def watch_line(kind: str, resource: Resource, content: JsonObject) -> bytes:
    """Return one line of a watch's stream."""
    return encode({"type": kind, "object": with_kind(resource, content)})
