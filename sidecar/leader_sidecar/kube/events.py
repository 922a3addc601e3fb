"""Owns the Kubernetes Events on the Lease: what `kubectl get events` shows of an election, never in its way.

Events go over a connection of their own that is closed after each, from a queue that drops the oldest; each is
tried once.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote

from leader_sidecar.core.wire import micro_time
from leader_sidecar.kube.answers import LeaseName, decode, message_of, status_object
from leader_sidecar.kube.log import Log
from leader_sidecar.kube.transport import Failure, Lane

CONTROLLER = "leader-sidecar.io/sidecar"
QUEUE_LENGTH = 16
TIMEOUT_S = 5.0

# Limits of the API's validation.
_MAX_NOTE_BYTES = 1024
_MAX_INSTANCE_BYTES = 128
_MAX_NAME_PREFIX = 230  # of 253: a dot and the digits of 64 bits follow


@dataclass(frozen=True, slots=True)
class _Entry:
    action: str
    note: str
    wall_us: int
    uid: str


class EventRecorder:
    """Post Events regarding one Lease.

    Args:
        lane: a connection of its own, closed after each request.
        lease: which Lease; its namespace is the Events' too.
        pod_name: the reporting instance.
        log: told once when Events are forbidden, and of each other failure at level debug.
        timeout_s: for one post.
    """

    def __init__(self, lane: Lane, lease: LeaseName, *, pod_name: str, log: Log, timeout_s: float = TIMEOUT_S) -> None:
        self._lane = lane
        self._lease = lease
        self._pod_name = pod_name
        self._log = log
        self._timeout_s = timeout_s
        self._queue: deque[_Entry] = deque(maxlen=QUEUE_LENGTH)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._off = False

    def became_leader(self, identity: str, token: int, *, lease_uid: str, wall_us: int) -> None:
        """Queue "… became leader, token=418". Returns at once and never raises.

        Args:
            identity: whole holder identity.
            token: of the term that began.
            lease_uid: the Lease's uid, by which `kubectl describe` finds the Event; "" where unknown.
            wall_us: wall time in microseconds since 1970.
        """
        self._post(_Entry("BecameLeader", f"{identity} became leader, token={token}", wall_us, lease_uid))

    def stopped_leading(self, identity: str, token: int, reason: str, *, lease_uid: str, wall_us: int) -> None:
        """Queue "… stopped leading, token=418: reason"; arguments as for `became_leader`."""
        note = f"{identity} stopped leading, token={token}: {reason}"
        self._post(_Entry("StoppedLeading", note, wall_us, lease_uid))

    async def run(self) -> NoReturn:
        """Post what is queued, until cancelled."""
        while True:
            await self._wake.wait()
            while self._queue and not self._off:
                await self._send(self._queue.popleft())
            self._queue.clear()
            self._wake.clear()
            self._idle.set()

    async def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued was tried, for a process about to end while `run` still runs.

        Returns:
            False where that took longer than `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def _post(self, entry: _Entry) -> None:
        self._queue.append(entry)
        self._idle.clear()
        self._wake.set()

    async def _send(self, entry: _Entry) -> None:
        path = f"/apis/events.k8s.io/v1/namespaces/{quote(self._lease.namespace, safe='')}/events"
        body = json.dumps(self._body(entry), separators=(",", ":")).encode()
        reply = await self._lane.exchange("POST", path, body=body, timeout_s=self._timeout_s)
        if isinstance(reply, Failure):
            self._log("debug", "event_lost", reason=reply.message)
        elif reply.status == 403:
            self._off = True
            reason = f'may not create events.events.k8s.io in namespace "{self._lease.namespace}"'
            self._log("info", "events_off", reason=f"{reason}: allow it in the Role, or set --events=off")
        elif reply.status >= 300:
            message = message_of(status_object(decode(reply.body)))
            self._log("debug", "event_lost", reason=f"{reply.status} {message}".rstrip())

    def _event_name(self, entry: _Entry) -> str:
        # As client-go names them; two of one microsecond and one Lease collide, and one of them is lost.
        return f"{self._lease.name[:_MAX_NAME_PREFIX].rstrip('-.')}.{entry.wall_us:x}"

    def _body(self, entry: _Entry) -> dict[str, Any]:
        regarding = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": self._lease.namespace,
            "name": self._lease.name,
        }
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": self._event_name(entry), "namespace": self._lease.namespace},
            "eventTime": micro_time(entry.wall_us),
            "type": "Normal",
            "reason": "LeaderElection",
            "action": entry.action,
            "note": _cut(entry.note, _MAX_NOTE_BYTES),
            "regarding": regarding | ({"uid": entry.uid} if entry.uid else {}),
            "reportingController": CONTROLLER,
            "reportingInstance": _cut(self._pod_name, _MAX_INSTANCE_BYTES),
        }


def _cut(text: str, limit_bytes: int) -> str:
    return text.encode()[:limit_bytes].decode("utf-8", "ignore")
