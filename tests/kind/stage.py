"""Owns a stage: one release, what befell it, what its pods said meanwhile, and the verdict."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cluster.kind import KindCluster
from kind.release import LEASE_S, Release
from kind.watching import INTERVAL_S, PODS, Watching, now_s
from process.poller import Seen

LOOK_S = 2.5
"""How long the pollers look on before and after: time in which a second leader would show."""

HOSTNAME = "kubernetes.io/hostname"
_MOVES = 8


@dataclass
class Fault:
    """What befell: all pods, or one."""

    name: str
    who: str
    began_s: float
    ended_s: float


@dataclass
class Evidence:
    """What the ledger has written down of one stage."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    payments: int = 0
    paid_twice: list[dict[str, Any]] = field(default_factory=list)
    never_paid: list[dict[str, Any]] = field(default_factory=list)

    def falling(self) -> list[tuple[int, int]]:
        """List each accepted token that is lower than the one accepted before it."""
        tokens = [one["token"] for one in sorted(self.accepted, key=lambda one: one["at_s"])]
        return [(one, later) for one, later in itertools.pairwise(tokens) if later < one]


class Stage:
    """Where one scenario plays.

    Args:
        cluster: the cluster of the session.
        namespace: of its release.
        title: what the report calls it.
        all_stages: gets this stage and those beside it, for the report.
        interval_s: between two questions of the pollers to one pod.
    """

    def __init__(
        self,
        cluster: KindCluster,
        namespace: str,
        title: str,
        all_stages: list[Stage],
        interval_s: float = INTERVAL_S,
    ) -> None:
        self.cluster = cluster
        self.title = title
        self.release = Release(cluster, namespace)
        self.watchings: list[Watching] = []
        self.faults: list[Fault] = []
        self.figures: list[str] = []
        self.evidence = Evidence()
        self.interval_s = interval_s
        self._all_stages = all_stages
        self._besides: list[Stage] = []
        all_stages.append(self)

    @property
    def watching(self) -> Watching:
        """The pollers of the last watch."""
        return self.watchings[-1]

    def beside(self, namespace: str, title: str) -> Stage:
        """Give one more stage, which the report shows next to this one."""
        stage = Stage(self.cluster, namespace, title, [])
        self._all_stages.insert(self._all_stages.index(self) + 1, stage)
        self._besides.append(stage)
        return stage

    def leave(self) -> None:
        """Remove the release, and those beside it: whoever plays next has the processor alone."""
        self.cluster.remove(*(one.release.namespace for one in (self, *self._besides)))

    def install(self, *values: str, on: Sequence[str] = (), **json_values: Any) -> None:
        """Install the chart.

        Args:
            values: as `--set` takes them.
            on: nodes, each with as many of the pods as the others, give or take one; none: the control plane.
        """
        self.release.install(*values, **placed(on or [self.cluster.control_plane]), **json_values)

    @contextmanager
    def watched(self) -> Iterator[Watching]:
        """Let pollers ask every pod while the context lasts."""
        with self.release.watching(self.interval_s) as watching:
            self.watchings.append(watching)
            yield watching

    @contextmanager
    def fault(self, name: str, who: str = "") -> Iterator[Fault]:
        """Note for the report how long a fault lasts."""
        fault = Fault(name, who, now_s(), float("inf"))
        self.faults.append(fault)
        try:
            yield fault
        finally:
            fault.ended_s = now_s()

    def say(self, figure: str) -> None:
        """Note a figure."""
        self.figures.append(figure)

    def leader(self) -> Seen:
        """Wait for a leader, and look on a while."""
        self.watching.leader(LEASE_S + 10.0)
        time.sleep(LOOK_S)
        return self.watching.leader(LEASE_S + 10.0)

    def leader_on(self, node: str) -> Seen:
        """Let leaders step down until one leads on this node."""
        leader = self.watching.leader(LEASE_S + 10.0)
        for _ in range(_MOVES):
            if self.release.pod(leader.who).spec.node_name == node:
                time.sleep(LOOK_S)
                return leader
            self.watching.resign(leader.who)
            leader = self.watching.leader(LEASE_S + 10.0, other_than=leader.who, after_token=leader.token or 0)
        raise AssertionError(f"nobody on {node} came to lead in {_MOVES} terms")

    def look(self) -> None:
        """Read what the ledger has written down."""
        told = self.release.ledger("/evidence")
        self.evidence = Evidence(**{name: told[name] for name in Evidence.__dataclass_fields__})

    def verdict(self, pods: int = PODS) -> None:
        """Judge by the pollers and by the ledger.

        Raises: AssertionError for two leaders, falling tokens, somebody paid twice or never, or no payments.
        """
        self.look()
        self.say(self.watching.verdict(pods))
        told = self.evidence
        self.say(f"{told.payments} payments, 0 twice, {len(told.refused)} writes refused")
        assert told.payments, "nothing was paid"
        assert (told.paid_twice, told.never_paid) == ([], [])
        assert told.falling() == []


def placed(nodes: Sequence[str]) -> dict[str, Any]:
    """Return the chart's values that spread pods over these nodes evenly."""
    where = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": list(nodes)}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [where]}}
    return {
        "affinity": {"nodeAffinity": required},
        "topologySpreadConstraints": [{"topologyKey": HOSTNAME, "whenUnsatisfiable": "DoNotSchedule"}],
    }
