"""Owns what a person's job is tried with: one kind of trouble a case, drawn anew for each run."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from leader_sidecar.lab.schedule import LEADER, Fault

_ONE_LINK, _ALL_LINKS = 1.0, 0.0
"""A message fault's size says whom it strikes (`faults.switch`)."""
LONGEST_S = 60.0

Draw = Callable[[random.Random, float], tuple[Fault, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of trouble.

    Args:
        name: as people call it.
        draw: makes its faults: from random numbers and the instant at which it begins.
        promised: one leader is promised under it (DESIGN §2).
    """

    name: str
    draw: Draw
    promised: bool = True


def _fault(kind: str, at_s: float, for_s: float, rng: random.Random, size: float, chance: float = 1.0) -> Fault:
    return Fault(kind, at_s, for_s, LEADER, chance, size, "", rng.getrandbits(32))


def _once(kind: str) -> Draw:
    """Something that happens to the leader and does not last."""
    return lambda rng, at_s: (_fault(kind, at_s, 0.0, rng, rng.random()),)


def _lasting(kind: str, size: float = _ONE_LINK) -> Draw:
    """Something that lasts for 1 to 60 s."""
    return lambda rng, at_s: (_fault(kind, at_s, rng.uniform(1.0, LONGEST_S), rng, size),)


def _gently(rng: random.Random, at_s: float) -> tuple[Fault, ...]:
    """End the leader as Kubernetes ends a native sidecar: after its app."""
    return (_fault("gentle_stop", at_s, 0.0, rng, size=1.0),)


def _lossy(rng: random.Random, at_s: float) -> tuple[Fault, ...]:
    kinds = ("request_dropped", "response_dropped")
    return tuple(_fault(kind, at_s, LONGEST_S, rng, _ALL_LINKS, chance=0.3) for kind in kinds)


def _drifting(kind: str) -> Draw:
    """Clocks at odds from the start, and a leader that is cut off."""
    return lambda rng, at_s: (
        _fault(kind, 0.0, 0.0, rng, rng.random()),
        *_lasting("partition")(rng, at_s),
    )


CASES = (
    Case("the leader's pod dies, another comes", _once("pod_replaced")),
    Case("the sidecar crashes and restarts in place", _once("kill")),
    Case("a rollout ends the leader gently", _gently),
    Case("the leader is cut off, 1-60 s", _lasting("partition")),
    Case("the API server is away, 1-60 s", _lasting("api_outage")),
    Case("3 of 10 messages are lost, 60 s", _lossy),
    Case("messages take up to 2 s", _lasting("slow_network", _ALL_LINKS)),
    Case("the leader's pod is frozen, 1-60 s", _lasting("pod_frozen")),
    Case("its machine is suspended, 1-60 s", _lasting("suspend")),
    Case("somebody deletes the Lease", _once("lease_deleted")),
    Case("cut off, clocks drift within the limit", _drifting("rates_within_drift")),
    Case("cut off, a clock off by up to half or twice", _drifting("rate_beyond_drift"), promised=False),
)
