"""Owns the table of what TLC checks: each configuration, and the promise that a broken one has to break."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Configuration:
    """One run of TLC.

    Args:
        name: of the .cfg file in spec/.
        module: of the .tla file in spec/.
        says: what it is, in a few words.
        breaks: the invariant or property that must fail; "" where all must hold.
        at_least: distinct states that must be looked at.
        counts_actions: TLC also counts how often each action is taken, which takes it half as long again.
    """

    name: str
    module: str
    says: str
    breaks: str = ""
    at_least: int = 0
    counts_actions: bool = False


CONFIGURATIONS = (
    Configuration("election", "LeaseElection", "3 candidates and a guard, whatever the timing", at_least=1_000_000),
    Configuration("guarded", "LeaseElection", "2 candidates and a guard", counts_actions=True),
    Configuration("faults", "LeaseElection", "2 that restart, a Lease that others edit", counts_actions=True),
    Configuration("timed", "TimedLease", "2 candidates on clocks that drift"),
    Configuration("timed_restarts", "TimedLease", "a leader and who follows it, that restart"),
    Configuration("timed_faults", "TimedLease", "a leader and who follows it, a Lease that others empty"),
    Configuration("timed_actions", "TimedLease", "all of it, for one version", counts_actions=True),
    Configuration("token_is_transitions", "BrokenElection", "token = leaseTransitions", "I2_TokenOrder"),
    Configuration("claim_begins_term", "BrokenElection", "a term begins with the claim", "I4_ProvedFirst"),
    Configuration("no_guard", "BrokenElection", "a resource without a guard", "I6_NothingBelow"),
    Configuration("release_any_version", "BrokenElection", "a release that names no version", "I7_OwnRecordOnly"),
    Configuration("holder_overlooked", "BrokenElection", "another holder is overlooked", "I8_SeenIsOver"),
    Configuration("counted_from_response", "BrokenTiming", "a lease counted from the response", "I1_OneLeader"),
    Configuration("short_wait", "TimedLease", "a lease duration too short for R, M and rho", "I1_OneLeader"),
)
