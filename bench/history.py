"""Owns the history of one Lease: every version as a watch tells it, and what can be read from it."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import socket
import threading
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from cluster.apiserver import ApiServer
from process.servers import leases

_SILENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the Lease: the pod that holds it, and when that was written, by the writer's wall clock."""

    holder: str
    renewed_s: float | None


def lateness_s(
    versions: Sequence[Version], holder: str, interval_s: float, since_s: float, until_s: float
) -> list[float]:
    """Return by how much each renewal that fell due between two instants was late; 0 for one in time.

    The last may be one that has not come by `until_s`.
    """
    renewals = {one.renewed_s for one in versions if one.holder == holder and one.renewed_s is not None}
    made = sorted(renewed_s for renewed_s in renewals if renewed_s <= until_s)
    gaps = [later - earlier for earlier, later in itertools.pairwise(made) if later >= since_s]
    if made and until_s - made[-1] > interval_s:
        gaps.append(until_s - made[-1])
    return [max(0.0, gap - interval_s) for gap in gaps]


def is_overwritten(versions: Sequence[Version], successor: str) -> bool:
    """Say whether a successor that was well, and never told to stop, lost the Lease after it had it."""
    holders = [one.holder for one in versions]
    if successor not in holders:
        return False
    return any(holder != successor for holder in holders[holders.index(successor) :])


class History:
    """Watch one Lease as an administrator, on a thread of its own, while the context lasts.

    Attributes:
        versions: what was seen, in order; grows.
    """

    def __init__(self, api: ApiServer, namespace: str, name: str) -> None:
        self._api = api
        query = urllib.parse.urlencode({"watch": "1", "fieldSelector": f"metadata.name={name}"})
        self._path = f"{leases(namespace)}?{query}"
        self._ended = threading.Event()
        self._connection = http.client.HTTPSConnection(
            urllib.parse.urlsplit(api.url).netloc, context=api.admin.tls, timeout=_SILENT_S
        )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._fault: BaseException | None = None
        self.versions: list[Version] = []

    def __enter__(self) -> Self:
        self._connection.request("GET", self._path)
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            raise RuntimeError(f"the watch was answered {self._answer.status}")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        if (sock := self._connection.sock) is not None:
            # Closing alone would leave the thread waiting for the next line.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(_SILENT_S)
        self._connection.close()
        if kind is None and self._fault is not None:
            raise RuntimeError("the watch of the Lease broke") from self._fault

    def _watch(self) -> None:
        try:
            while line := self._answer.readline():
                event = json.loads(line)
                self.versions.append(_version(event["object"].get("spec") or {}))
            raise RuntimeError("the API server ended the watch")
        except (OSError, ValueError, AttributeError, RuntimeError, http.client.HTTPException) as fault:
            if not self._ended.is_set():
                self._fault = fault


def _version(spec: dict[str, Any]) -> Version:
    renewed_at = spec.get("renewTime")
    renewed_s = datetime.fromisoformat(renewed_at).timestamp() if renewed_at else None
    pod, _, _ = (spec.get("holderIdentity") or "").partition("_")
    return Version(pod, renewed_s)
