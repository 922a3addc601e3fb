"""Owns what one election has of the API server: its connections and what goes over each (DESIGN §12.8)."""

import asyncio
import random

from leader_sidecar.core.messages import ReadOutcome
from leader_sidecar.kube.answers import LeaseName
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.events import EventRecorder
from leader_sidecar.kube.leases import LeaseStore
from leader_sidecar.kube.log import Log
from leader_sidecar.kube.transport import Lane
from leader_sidecar.kube.watch import LeaseWatch, WatchTiming

# Long enough for an app that asks before each of several writes, short enough that nothing idles beside the election.
_VERIFY_KEEPALIVE_S = 5.0


class Api:
    """Give one election its connections: one for its requests, one for its watch, and passing ones for what may wait.

    `leases` is the election's alone. `watch` and `events` have a `run()` that somebody has to await.

    Args:
        endpoint: where the API server is.
        namespace, name: the Lease.
        pod_name: who reports Events.
        rng: for jitter.
        log: where watch and Events tell what people should know.
        watch_timing: how the watch waits, None for the defaults.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        namespace: str,
        name: str,
        *,
        pod_name: str,
        rng: random.Random,
        log: Log,
        watch_timing: WatchTiming | None = None,
    ) -> None:
        lease = LeaseName(namespace, name)
        lanes = (
            Lane(endpoint),
            Lane(endpoint),
            Lane(endpoint, keepalive_s=_VERIFY_KEEPALIVE_S),
            Lane(endpoint, keepalive_s=0),
        )
        self._lanes = lanes
        self.leases = LeaseStore(lanes[0], lease)
        self.watch = LeaseWatch(lanes[1], lease, rng=rng, log=log, timing=watch_timing)
        self._aside = LeaseStore(lanes[2], lease)
        self.events = EventRecorder(lanes[3], lease, pod_name=pod_name, log=log)

    async def read_aside(self, timeout_s: float) -> ReadOutcome:
        """Read the Lease at the quorum beside the election, so that it never stands before a renewal (`?verify=true`).

        Args:
            timeout_s: for the whole, waiting for another such read included.
        """
        return await self._aside.read(timeout_s)

    async def close(self) -> None:
        """Close every connection. What is under way then ends as unknown."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))
