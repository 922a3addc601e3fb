"""Owns that an operator acts while it leads the operators, and at no other time."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import kopf

from leader_sidecar.core.status import answer
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.log import Log
from leader_sidecar.operator.desk import Desk
from leader_sidecar.operator.requests import Pace, Requests
from leader_sidecar.operator.watching import KopfThread, new_settings, watch_elections
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.driver import Driver

CONNECTIONS = 4
_ASK_S = 1.0
_WATCH_AGAIN_S = 5.0


class Acting:
    """Keep the cluster's elections while the driver's election is won.

    Args:
        driver: stands in the election of the operators.
        endpoint: where the API server is.
        clock: the only source of time.
        log: told when it begins and ends to act, and what fails.
    """

    def __init__(self, driver: Driver, endpoint: Endpoint, clock: Clock, log: Log) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        """(verb, outcome) of the requests beside the watches and the operators' own election."""
        self.desk = Desk(clock, log, random.Random())
        self._driver = driver
        self._endpoint = endpoint
        self._clock = clock
        self._log = log

    def leads(self) -> bool:
        """Say whether this process leads the operators at this instant."""
        return answer(self._driver.state, self._clock.now_s()).is_leader

    async def run(self) -> None:
        """Act whenever it leads, until the driver has ended."""
        while not self._driver.ended:
            if self.leads():
                await self._act()
            else:
                await self._driver.changed(self._driver.state.index, _ASK_S)

    async def _act(self) -> None:
        self._log("info", "acting")
        pace = Pace()
        connections = [Requests(self._endpoint, self.leads, pace, self.requests) for _ in range(CONNECTIONS)]
        tasks = [asyncio.create_task(self.desk.run(connections)), asyncio.create_task(self._watch())]
        try:
            while self.leads() and not any(task.done() for task in tasks):
                await self._driver.changed(self._driver.state.index, _ASK_S)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(one.close() for one in connections))
            self.desk.clear()
            self._log("info", "resting")
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()

        def on_loop(show: Callable[..., None], body: Mapping[str, Any], deleted: bool) -> None:
            loop.call_soon_threadsafe(partial(show, body, deleted=deleted))

        while True:
            registry = kopf.OperatorRegistry()
            watch_elections(
                registry,
                on_election=partial(on_loop, self.desk.show_election),
                on_lease=partial(on_loop, self.desk.show_lease),
                on_pod=partial(on_loop, self.desk.show_pod),
            )
            try:
                await KopfThread(registry, new_settings(), self._endpoint).run()
                reason = "kopf has ended"
            except Exception as error:
                reason = repr(error)
            # Everything is listed anew, so nothing that happened meanwhile is missed.
            self._log("warning", "watch_ended", reason=reason)
            await asyncio.sleep(_WATCH_AGAIN_S)
