"""Owns what the rest of the process sees of one election: the view that is served to apps, probes and Prometheus."""

import asyncio
import contextlib

from leader_sidecar.core.messages import Found
from leader_sidecar.core.status import Answer, answer, verifies
from leader_sidecar.kube.api import Api
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.driver import Driver
from leader_sidecar.runtime.verification import SharedReads
from leader_sidecar.serving.view import Health, Readings

_LATE_S = 20.0  # beyond the lease duration, within which the core always sets a timer


class Election:
    """See one election; implements `serving.view.ElectionView`.

    Args:
        driver: who stands in it.
        api: its connections.
        clock: as the driver's.
    """

    def __init__(self, driver: Driver, api: Api, clock: Clock) -> None:
        self._driver = driver
        self._api = api
        self._clock = clock
        self._reads = SharedReads(api.read_aside, driver.state.config.timing.renew_deadline_s / 4)

    @property
    def name(self) -> str:
        """The election's full name, `namespace/name`."""
        return self._driver.state.config.election

    def answer(self) -> Answer:
        """Compute the answer at this instant."""
        return answer(self._driver.state, self._clock.now_s())

    async def changed(self, index: int, timeout_s: float) -> None:
        """Return when the answer's index is another than this one, or after `timeout_s`."""
        await self._driver.changed(index, timeout_s)

    async def verify(self, timeout_s: float) -> bool:
        """Read the Lease at the quorum and tell the election of it.

        Returns:
            Whether, at some instant after the call began, the record named this very term, or this process does not
            lead.
        """
        outcome = None
        if self._driver.state.grant is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    outcome = await self._reads.read()
        if not isinstance(outcome, Found):
            return self._driver.state.grant is None
        self._driver.notify(outcome.record)
        state = self._driver.state
        return state.grant is None or verifies(state, outcome.record) is True

    def resign(self, cooldown_s: float) -> bool:
        """Step down.

        Args:
            cooldown_s: how long to stay out; 0 where the app itself resigned, its work done.

        Returns:
            False when not leading.
        """
        if not self.answer().is_leader:
            return False
        self._driver.resign(cooldown_s=cooldown_s, app_at_work=cooldown_s > 0)
        return True

    def health(self) -> Health:
        """Say whether the driver lives, and whether a first attempt was made that the API did not refuse."""
        state = self._driver.state
        silent_s = self._clock.now_s() - self._driver.handled_at_s
        live = silent_s <= state.config.timing.lease_duration_s + _LATE_S
        if not live:
            return Health(False, False, f"no timer was handled for {silent_s:.0f} s")
        if not state.attempted:
            return Health(True, False, "the API server has not answered yet")
        if state.barred or state.rejection:
            return Health(True, False, state.barred or state.rejection)
        if state.stopping:
            return Health(True, False, "stopping")
        return Health(True, True, "ok")

    def readings(self) -> Readings:
        """Collect what the metrics show."""
        figures = self._driver.figures
        watches = {("watch", end): count for end, count in self._api.watch.ends.items()}
        return Readings(
            transitions=figures.transitions,
            lease_remaining_s=self.answer().valid_for_s,
            requests={**figures.requests, **watches},
            renew_s=tuple(figures.renew_counts),
            renew_sum_s=figures.renew_sum_s,
            barred=bool(self._driver.state.barred),
        )
