"""200 elections and 1,000 pods: how soon an operator that starts has looked at all, what it asks and what it needs."""

from __future__ import annotations

import time
from typing import Self

import pytest

from leader_sidecar.core.record import TOKEN_ANNOTATION
from leader_sidecar.operator.resource import LEADS_LABEL, elections_of, lease_path, pod_path, resource_path
from operators.cluster import Cluster, wait_for
from operators.conftest import START_S, Start
from operators.process import OperatorProcess

pytestmark = pytest.mark.apiserver

NAMESPACES, ELECTIONS, PODS, MOVED = 4, 50, 250, 20
CONVERGED_S = 30.0
MEMORY_MIB = 150.0
# The operator's pace, and what it may ask at once after a rest.
REQUESTS_PER_S = 60.0
SETTLE_S = 3.0

Led = dict[tuple[str, str], str]
"""Which pod leads an election, by namespace and name."""


class Fleet:
    """Many elections, each led by a pod of its own, in some namespaces."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ask = cluster.api.admin.request
        self._uids: dict[tuple[str, str], str] = {}
        self.led: Led = {}
        self._namespaces = [cluster.new_namespace() for _ in range(NAMESPACES)]

    def __enter__(self) -> Self:
        for namespace in self._namespaces:
            self._fill(namespace)
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in self._namespaces:
            for path in (resource_path((namespace, "")).rstrip("/"), pod_path(namespace), lease_path(namespace)):
                self._ask("DELETE", path, {"gracePeriodSeconds": 0})

    def move(self) -> None:
        """Let other pods lead some elections, as in a rollout."""
        for number, (namespace, name) in enumerate(list(self.led)):
            if number % ELECTIONS < MOVED:
                self._lead(namespace, name, f"pod-{PODS - 1 - number % ELECTIONS}", 99)

    def seen(self) -> Led:
        """Return who leads by the pods' labels, where the status tells the same."""
        labelled: Led = {}
        for pod in self._ask("GET", f"/api/v1/pods?labelSelector={LEADS_LABEL}")["items"]:
            metadata = pod["metadata"]
            labelled |= {(metadata["namespace"], name): metadata["name"] for name in elections_of(metadata["labels"])}
        elections = self._ask("GET", "/apis/leader-sidecar.io/v1alpha1/leaderelections")["items"]
        told = {
            (one["metadata"]["namespace"], one["metadata"]["name"]): one.get("status", {}).get("leader", {}).get("pod")
            for one in elections
        }
        return {key: pod for key, pod in labelled.items() if told.get(key) == pod and key in self.led}

    def _fill(self, namespace: str) -> None:
        spec = {
            "nodeName": "node-1",
            "automountServiceAccountToken": False,
            "containers": [{"name": "a", "image": "a"}],
        }
        pods = [{"metadata": {"name": f"pod-{number}"}, "spec": spec} for number in range(PODS)]
        for made in self._cluster.make_many(pod_path(namespace), pods):
            self._uids[namespace, made["metadata"]["name"]] = made["metadata"]["uid"]
        names = [f"election-{number}" for number in range(ELECTIONS)]
        head = {"apiVersion": "leader-sidecar.io/v1alpha1", "kind": "LeaderElection"}
        bodies = [
            {**head, "metadata": {"name": name}, "spec": {"leaseDuration": "600s", "serviceAccounts": ["app"]}}
            for name in names
        ]
        self._cluster.make_many(resource_path((namespace, "")).rstrip("/"), bodies)
        wait_for(lambda: self._leases(namespace) >= ELECTIONS, CONVERGED_S, "the operator has made the Leases")
        for number, name in enumerate(names):
            self._lead(namespace, name, f"pod-{number}", 41)

    def _leases(self, namespace: str) -> int:
        return len(self._ask("GET", lease_path(namespace))["items"])

    def _lead(self, namespace: str, name: str, pod: str, token: int) -> None:
        with self._cluster.api.admin.kept_open() as ask:
            lease = ask("GET", lease_path(namespace, name))
            lease["metadata"].setdefault("annotations", {})[TOKEN_ANNOTATION] = str(token)
            lease["spec"] = {
                "holderIdentity": f"{pod}_{self._uids[namespace, pod]}_0123456789abcdef",
                "leaseDurationSeconds": 600,
                "acquireTime": "2026-11-28T10:00:00.000000Z",
                "renewTime": "2026-11-28T10:00:05.000000Z",
                "leaseTransitions": token,
            }
            ask("PUT", lease_path(namespace, name), lease)
        self.led[namespace, name] = pod


@pytest.mark.timeout(300)
def test_two_hundred_elections_are_right_soon_after_a_restart_without_a_storm(cluster: Cluster, start: Start) -> None:
    operator = start(settings=())
    wait_for(lambda: operator.acts, START_S, "it acts")
    with Fleet(cluster) as fleet:
        wait_for(lambda: fleet.seen() == fleet.led, 2 * CONVERGED_S, "all have their first label")
        operator.process.kill()
        fleet.move()
        print(converge(operator, fleet))
    assert operator.memory_mib < MEMORY_MIB


def converge(operator: OperatorProcess, fleet: Fleet) -> str:
    """Start an operator and wait until all is right. Returns: what it took, for people."""
    began_s = time.monotonic()
    operator.start()
    wait_for(lambda: operator.acts, START_S, "it acts")
    acting_s = time.monotonic()
    wait_for(lambda: fleet.seen() == fleet.led, CONVERGED_S, "all labels and statuses are right")
    right_s = time.monotonic()
    # Its first look at the elections that needed nothing may still be under way.
    looked = wait_for(
        lambda: operator.metric("leader_sidecar_operator_looks_total") >= len(fleet.led), CONVERGED_S, "looks"
    )
    ended_s = time.monotonic()
    assert looked
    assert right_s - began_s < CONVERGED_S
    requests = operator.metric("leader_sidecar_operator_requests_total")
    per_s = requests / (ended_s - acting_s)
    assert per_s < REQUESTS_PER_S
    time.sleep(SETTLE_S)
    idle = operator.metric("leader_sidecar_operator_requests_total") - requests
    assert idle < len(fleet.led) / 4, "it does not come to rest"
    return (
        f"{len(fleet.led)} elections, {NAMESPACES * PODS} pods: right {right_s - began_s:.1f} s after the start, "
        f"{requests:.0f} requests at {per_s:.0f} a second, {idle:.0f} in the {SETTLE_S:g} s after; "
        f"{operator.memory_mib:.0f} MiB at most"
    )
