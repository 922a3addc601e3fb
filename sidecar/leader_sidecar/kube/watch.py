"""Owns the watch on one Lease: a hint that comes early, never a proof; it reconnects by itself for ever.

A stream starts without a resourceVersion (the server then shows the Lease as it is now) and goes on from the last
version shown. It starts afresh after 410, after silence, and after anything that could not be read: what was missed is
then shown. The server sends a bookmark about once a minute, so a stream that is silent for longer is dead, whatever TCP
says.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode

from leader_sidecar.core.record import Record
from leader_sidecar.kube.answers import LeaseName, decode, message_of, read_record, refusal, status_object
from leader_sidecar.kube.log import Log
from leader_sidecar.kube.transport import MAX_BODY_BYTES, Failure, Lane, Stream

# A version that a restored etcd has not reached yet would be waited for in silence.
_BARREN_STREAMS = 2

Notify = Callable[[Record, bool], None]
Began = Callable[[], None]


@dataclass(frozen=True, slots=True)
class WatchTiming:
    """How a watch waits; all in seconds.

    Args:
        silence_s: without event or bookmark for this long, a stream counts as dead.
        shortest_s, longest_s: a stream's length is drawn between them, so that fleets do not reconnect together.
        connect_s: until the head of the answer.
        first_pause_s, last_pause_s: before connecting again; doubled from the first to the last while it fails.
        refused_pause_s: the same after 401, 403 and 404: people have to mend that first.
        healthy_s: a stream that lived this long starts the pauses over.
    """

    silence_s: float = 90.0
    shortest_s: int = 300
    longest_s: int = 600
    connect_s: float = 10.0
    first_pause_s: float = 0.1
    last_pause_s: float = 5.0
    refused_pause_s: float = 30.0
    healthy_s: float = 5.0


@dataclass(frozen=True, slots=True)
class _End:
    """How a stream ended: one of ended, gone, silent, broken, rejected, unknown; and what that means for the next."""

    outcome: str
    message: str = ""
    afresh: bool = True
    pause_s: float = 0.0


class LeaseWatch:
    """Watch one Lease.

    Args:
        lane: a connection of its own.
        lease: which Lease.
        rng: for the jitter of pauses and stream lengths.
        log: told when the watch breaks and works again, and of each new malformed record, once.
        timing: how it waits.
    """

    def __init__(
        self, lane: Lane, lease: LeaseName, *, rng: random.Random, log: Log, timing: WatchTiming | None = None
    ) -> None:
        self._lane = lane
        self._lease = lease
        self._rng = rng
        self._log = log
        self._timing = timing or WatchTiming()
        self._version = ""
        self._fault = ""
        self._malformed = ""
        self._failures = 0
        self._barren = 0
        self._worked = False
        self.ends: Counter[str] = Counter()
        """How often a stream ended in which way: ended, gone, silent, broken, rejected, unknown."""

    async def run(self, notify: Notify, began: Began = lambda: None) -> NoReturn:
        """Follow the Lease until cancelled.

        Args:
            notify: called with each record shown, and whether it is the last one of a deleted Lease; what it raises
                ends the watch.
            began: called when a stream starts afresh: what happened before is not shown, and no more an absent Lease.
        """
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            end = await self._follow(notify, began)
            self.ends[end.outcome] += 1
            lived = self._worked and loop.time() - began_s >= self._timing.healthy_s
            self._failures = 1 if lived else self._failures + 1
            self._barren = 0 if self._worked else self._barren + 1
            if end.afresh or self._barren >= _BARREN_STREAMS:
                self._version = ""
            if end.message:
                self._tell_broken(end)
            await asyncio.sleep(max(self._pause_s(), end.pause_s))

    def _pause_s(self) -> float:
        timing = self._timing
        longest_s = min(timing.first_pause_s * 2.0 ** min(self._failures - 1, 30), timing.last_pause_s)
        return longest_s * self._rng.uniform(0.5, 1.0)

    async def _follow(self, notify: Notify, began: Began) -> _End:
        self._worked = False
        stream = await self._lane.stream(
            self._lease.collection_path, query=self._query(), timeout_s=self._timing.connect_s
        )
        if isinstance(stream, Failure):
            return _End("broken", stream.message, afresh=False)
        try:
            if stream.status != 200:
                return await self._refused(stream)
            if not self._version:
                began()
            return await self._read_lines(stream, notify)
        finally:
            stream.close()

    def _query(self) -> str:
        parameters = {
            "watch": "1",
            "fieldSelector": f"metadata.name={self._lease.name}",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self._rng.randint(self._timing.shortest_s, self._timing.longest_s)),
        }
        if self._version:
            parameters["resourceVersion"] = self._version
        return urlencode(parameters)

    async def _refused(self, stream: Stream) -> _End:
        reply = await stream.reply(self._timing.connect_s)
        if isinstance(reply, Failure):
            return _End("broken", reply.message)
        if stream.status == 410:
            return _End("gone")
        message = refusal(self._lease, "watch", stream.status, status_object(decode(reply.body)))
        if 400 <= stream.status < 500 and stream.status != 429:
            return _End("rejected", message, pause_s=self._timing.refused_pause_s * self._rng.uniform(0.5, 1.0))
        return _End("unknown", message, pause_s=reply.retry_after_s)

    async def _read_lines(self, stream: Stream, notify: Notify) -> _End:
        loop = asyncio.get_running_loop()
        rest, heard_s = b"", loop.time()
        while True:
            # Counted by whole lines: bytes that never make one are silence too.
            left_s = heard_s + self._timing.silence_s - loop.time()
            chunk = await stream.chunk(left_s)
            if chunk is None:
                return _End("ended", afresh=False)
            if isinstance(chunk, Failure):
                silent = loop.time() >= heard_s + self._timing.silence_s
                silence = f"nothing was heard for {self._timing.silence_s:g} s"
                return _End("silent", silence) if silent else _End("broken", chunk.message, afresh=False)
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_BODY_BYTES:
                return _End("broken", "a line is longer than 1 MiB")
            for line in lines:
                end = self._take(decode(line), notify)
                if end is not None:
                    return end
                heard_s = loop.time()

    def _take(self, event: object, notify: Notify) -> _End | None:
        kind = event.get("type") if isinstance(event, Mapping) else None
        shown = event.get("object") if isinstance(event, Mapping) else None
        if not isinstance(kind, str) or not isinstance(shown, Mapping):
            return _End("broken", "a line is no watch event")
        if kind == "ERROR":
            code = shown.get("code")
            if code == 410:
                return _End("gone")
            return _End("unknown", f"the API server ended the watch: {code} {message_of(shown)}")
        self._works()
        if kind == "BOOKMARK":
            self._advance(shown)
        elif kind in ("ADDED", "MODIFIED", "DELETED"):
            self._show(shown, kind == "DELETED", notify)
        return None

    def _show(self, shown: Mapping[str, Any], deleted: bool, notify: Notify) -> None:
        record = read_record(self._lease, shown)
        self._advance(shown)
        if isinstance(record, Record):
            self._malformed = ""
            notify(record, deleted)
        elif record.reason != self._malformed:
            self._malformed = record.reason
            self._log("warning", "record_malformed", reason=record.reason)

    def _advance(self, shown: Mapping[str, Any]) -> None:
        metadata = shown.get("metadata")
        version = metadata.get("resourceVersion") if isinstance(metadata, Mapping) else None
        if isinstance(version, str) and version.isascii() and version.isdecimal():
            self._version = version

    def _works(self) -> None:
        self._worked = True
        if self._fault:
            self._fault = ""
            self._log("info", "watch_works")

    def _tell_broken(self, end: _End) -> None:
        if self._worked:  # cut off in the midst, as every restart of a server or load balancer does
            self._log("info" if end.outcome == "silent" else "debug", "watch_cut", reason=end.message)
        elif self._fault != end.message:
            self._fault = end.message
            self._log("warning", "watch_broken", reason=end.message)
