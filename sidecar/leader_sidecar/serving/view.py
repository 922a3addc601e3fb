"""Owns what serving asks of an election, and nothing else: whoever runs one implements `ElectionView`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from leader_sidecar.core.status import Answer

RENEW_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of renewals, in seconds; one more bucket holds what is longer."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the probes are told.

    Args:
        live: the driver handles its timers; no API request is implied.
        ready: a first attempt was made and the API did not refuse this pod.
        reason: one line for people, also where all is well.
    """

    live: bool
    ready: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Readings:
    """What Prometheus is told beside the answer.

    Args:
        transitions: changes of leader that this process has seen, its own terms included.
        lease_remaining_s: what is left of the own grant, 0 without one.
        requests: (verb, outcome) to how many there were since the process began.
        renew_s: renewals by the bucket they fell into, not summed up; one longer than `RENEW_BUCKETS_S`.
        renew_sum_s: how long all renewals took together.
        barred: this process does not lead again until it is restarted, as after an etcd restore.
    """

    transitions: int
    lease_remaining_s: float
    requests: Mapping[tuple[str, str], int]
    renew_s: Sequence[int]
    renew_sum_s: float
    barred: bool


class ElectionView(Protocol):
    """One election, as far as it is served."""

    @property
    def name(self) -> str:
        """The election's full name, `namespace/name`."""

    def answer(self) -> Answer:
        """Compute the answer at this instant."""

    async def changed(self, index: int, timeout_s: float) -> None:
        """Return when the answer's index is another than this one, or after `timeout_s`."""

    async def verify(self, timeout_s: float) -> bool:
        """Read the Lease at the quorum.

        Returns:
            True where at some instant after the call began the record named this very term, or was proved not to; False
            where that could not be done in time.
        """

    def resign(self, cooldown_s: float) -> bool:
        """Step down and stay out for that long; False when not leading."""

    def health(self) -> Health:
        """Say how the election fares."""

    def readings(self) -> Readings:
        """Collect what is counted."""
