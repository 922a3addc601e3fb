"""Owns which election is looked at when: one look at a time each, several elections at once, the failed ones later."""

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from leader_sidecar.kube.log import Log
from leader_sidecar.operator.entry import Entry
from leader_sidecar.operator.requests import Interrupted, NotLeading, Requests, Stale
from leader_sidecar.operator.resource import Key, elections_of, key_of, read_resource
from leader_sidecar.runtime.clock import Clock

HEARTBEAT_S = 5.0
"""The longest sleep, for the reason of the driver's: the loop's timers do not count suspend."""

_STALE_AGAIN_S = 0.1
_LAST_PAUSE_S = 60.0
_ORPHAN_S = 5.0


class Desk:
    """Keep the elections of the cluster, for as long as this process leads the operators.

    Args:
        clock: the only source of time.
        log: told what failed, once until it changes.
        rng: for jitter.
    """

    def __init__(self, clock: Clock, log: Log, rng: random.Random) -> None:
        self.looks: Counter[str] = Counter()
        """How many looks ended in which way: done, stale, interrupted, crashed."""
        self._clock = clock
        self._log = log
        self._rng = rng
        self._entries: dict[Key, Entry] = {}
        self._due: list[tuple[float, Key]] = []
        self._due_at_s: dict[Key, float] = {}
        self._busy: set[Key] = set()
        self._changed = asyncio.Event()
        self._troubles: dict[Key, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def faulty(self) -> int:
        """How many elections are not as their resource asks, or could not be looked at."""
        return sum(entry.faulty for entry in self._entries.values())

    def clear(self) -> None:
        """Forget everything: another operator leads from now on."""
        self._entries.clear()
        self._due.clear()
        self._due_at_s.clear()
        self._troubles.clear()

    def show_election(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """Take a version of a LeaderElection from the watch."""
        key = key_of(body)
        try:
            election = None if deleted else read_resource(body)
        except ValueError as fault:
            self._tell("warning", key, str(fault))
            return
        if deleted and key not in self._entries:
            return
        entry = self._entries.setdefault(key, Entry(key, self._clock, self._rng))
        if entry.show_election(election):
            self._wake(key, 0.0)

    def show_lease(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """Take a version of any Lease from the watch; one without a LeaderElection is nobody's business."""
        key = key_of(body)
        entry = self._entries.get(key)
        if entry is not None and entry.show_lease(body, deleted=deleted):
            self._wake(key, 0.0)

    def show_pod(self, body: Mapping[str, Any], *, deleted: bool) -> None:
        """Take a pod that leads something, or led until now, from the watch."""
        metadata = body["metadata"]
        namespace, pod = metadata["namespace"], (metadata["name"], metadata["uid"])
        labels = {} if deleted else metadata.get("labels") or {}
        for name in elections_of(labels):
            if (namespace, name) not in self._entries:
                # Its LeaderElection is gone, if the watch does not show it soon.
                self._entries[namespace, name] = Entry((namespace, name), self._clock, self._rng)
                self._wake((namespace, name), self._clock.now_s() + _ORPHAN_S)
        for key, entry in self._entries.items():
            if key[0] == namespace and entry.election is not None and entry.show_pod(pod, labels):
                self._wake(key, 0.0)

    async def run(self, connections: Sequence[Requests]) -> NoReturn:
        """Look at what is due, over as many connections at once, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for requests in connections:
                tasks.create_task(self._work(requests))
        raise AssertionError("the workers do not end")

    async def _work(self, requests: Requests) -> NoReturn:
        while True:
            key = await self._next()
            entry = self._entries[key]
            self._busy.add(key)
            try:
                again_s = await self._look(entry, requests)
            finally:
                self._busy.discard(key)
            if self._entries.get(key) is entry:
                self._after(key, entry, again_s)

    async def _next(self) -> Key:
        while True:
            now_s = self._clock.now_s()
            while self._due and self._due[0][0] <= now_s:
                at_s, key = heapq.heappop(self._due)
                # An entry of the heap that was overtaken by an earlier one, or whose election is gone, is no more.
                if self._due_at_s.get(key) == at_s:
                    del self._due_at_s[key]
                    return key
            delay_s = min(self._due[0][0] - now_s, HEARTBEAT_S) if self._due else HEARTBEAT_S
            self._changed.clear()
            try:
                async with asyncio.timeout(delay_s):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _look(self, entry: Entry, requests: Requests) -> float:
        """Look at one election. Returns: seconds to wait before the next look, 0 for as it says itself."""
        try:
            await entry.look(requests)
        except NotLeading:
            return HEARTBEAT_S
        except Interrupted as interruption:
            entry.failures += 1
            stale = isinstance(interruption, Stale)
            self.looks["stale" if stale else "interrupted"] += 1
            first_s = _STALE_AGAIN_S if stale else 1.0
            if entry.failures > 1:
                self._tell("warning", entry.key, str(interruption))
            pause_s = min(first_s * 2.0 ** min(entry.failures - 1, 30), _LAST_PAUSE_S)
            return max(interruption.again_in_s, pause_s * self._rng.uniform(0.5, 1.0))
        except Exception as error:
            # One election that this code cannot take must not stop all others.
            entry.failures += 1
            self.looks["crashed"] += 1
            self._tell("error", entry.key, repr(error))
            return _LAST_PAUSE_S
        self.looks["done"] += 1
        entry.failures = 0
        self._troubles.pop(entry.key, None)
        return 0.0

    def _after(self, key: Key, entry: Entry, again_s: float) -> None:
        if again_s:
            self._wake(key, self._clock.now_s() + again_s)
        elif entry.election is None:
            del self._entries[key]
        else:
            self._wake(key, entry.due_at_s())

    def _wake(self, key: Key, at_s: float) -> None:
        """Have a key looked at; one that is being looked at is asked afterwards when it is due."""
        at_s = max(at_s, self._clock.now_s())  # first come, first served
        if key in self._busy or self._due_at_s.get(key, float("inf")) <= at_s:
            return
        self._due_at_s[key] = at_s
        heapq.heappush(self._due, (at_s, key))
        self._changed.set()

    def _tell(self, level: str, key: Key, reason: str) -> None:
        if self._troubles.get(key) != reason:
            self._troubles[key] = reason
            self._log(level, "look_failed", election="/".join(key), reason=reason)
