"""An operator without kopf and without an election of its own: one look after the other at one LeaderElection.

It may be killed before or after any of its writes, which is all that a kill can do: what it knew is lost, and what it
wrote is there. The next one begins with what the API server shows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leader_sidecar.kube.endpoint import load_endpoint
from leader_sidecar.operator.entry import Entry
from leader_sidecar.operator.requests import Pace, Requests, Stale
from leader_sidecar.operator.resource import lease_path, read_resource, resource_path
from leader_sidecar.runtime.clock import Clock

_LOOKS = 20


class Killed(BaseException):
    """The operator is dead."""


class Writes:
    """Count writes, and kill at one of them.

    Args:
        kill_at: the number of the write, from 1; 0 for none.
        applied: it was carried out before the operator died.
    """

    def __init__(self, kill_at: int = 0, *, applied: bool = False) -> None:
        self.made: list[str] = []
        self._kill_at = kill_at
        self._applied = applied

    def kills(self, *, before: bool) -> bool:
        """Tell whether the operator dies at the write that was counted last."""
        return len(self.made) == self._kill_at and before is not self._applied


class MortalRequests(Requests):
    """Ask as an operator does, until killed."""

    def __init__(self, kubeconfig: Path, writes: Writes) -> None:
        super().__init__(load_endpoint(str(kubeconfig), {}), lambda: True, Pace(), Counter())
        self._writes = writes

    async def _ask(
        self, verb: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: str = ""
    ) -> dict[str, Any] | None:
        if method == "GET":
            return await super()._ask(verb, method, path, body, query=query)
        self._writes.made.append(f"{verb} {path}")
        if self._writes.kills(before=True):
            raise Killed
        answer = await super()._ask(verb, method, path, body, query=query)
        if self._writes.kills(before=False):
            raise Killed
        return answer


async def settle(kubeconfig: Path, namespace: str, name: str, writes: Writes) -> None:
    """Begin as a new operator, and look until nothing is due any more.

    Raises: Killed where `writes` says so; AssertionError when it does not come to rest.
    """
    requests = MortalRequests(kubeconfig, writes)
    try:
        entry = Entry((namespace, name), Clock(), random.Random(1))
        body = await requests.get(resource_path((namespace, name)))
        entry.show_election(read_resource(body) if body is not None else None)
        lease = await requests.get(lease_path(namespace, name))
        if lease is not None:
            entry.show_lease(lease, deleted=False)
        for _ in range(_LOOKS):
            try:
                await entry.look(requests)
            except Stale:
                continue
            if entry.election is None or entry.due_at_s() > 0:
                return
        raise AssertionError(f"still something to do after {_LOOKS} looks: {writes.made}")
    finally:
        await requests.close()
