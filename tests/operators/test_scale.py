"""200 elections and 1,000 pods: how soon an operator that starts has looked at all, what it asks and what it needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import pytest

from leader_sidecar.core.holder import read_holder
from leader_sidecar.core.record import TOKEN_ANNOTATION, Record, parse_record
from leader_sidecar.operator import objects
from leader_sidecar.operator.resource import (
    LEADS_LABEL,
    binding_path,
    elections_of,
    leader_label,
    lease_path,
    pod_path,
    read_resource,
    resource_path,
    role_path,
)
from leader_sidecar.operator.status import new_status
from operators.cluster import Cluster, wait_for
from operators.conftest import START_S, Start
from operators.process import OperatorProcess

pytestmark = pytest.mark.apiserver

NAMESPACES, ELECTIONS, PODS, MOVED = 4, 50, 250, 20
CONVERGED_S = 30.0
MEMORY_MIB = 150.0
# The operator's pace, and what it may ask at once after a rest.
REQUESTS_PER_S = 75.0
MOST_REQUESTS = 10
REST_S = 2.0
REQUESTS = "leader_sidecar_operator_requests_total"

Ask = Callable[..., Any]
Led = dict[tuple[str, str], str]
"""Which pod leads an election, by namespace and name."""


class Fleet:
    """Many elections as an operator left them, each led by a pod of its own, in some namespaces."""

    def __init__(self, cluster: Cluster) -> None:
        self._ask = cluster.api.admin.request
        self._kept_open = cluster.api.admin.kept_open
        self._uids: dict[tuple[str, str], str] = {}
        self.led: Led = {}
        self._namespaces = [cluster.new_namespace() for _ in range(NAMESPACES)]

    def __enter__(self) -> Self:
        with self._kept_open() as ask:
            for namespace in self._namespaces:
                self._make_pods(ask, namespace)
                for number in range(ELECTIONS):
                    self._make_election(ask, namespace, number)
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in self._namespaces:
            for path in (_elections(namespace), pod_path(namespace), lease_path(namespace)):
                self._ask("DELETE", path, {"gracePeriodSeconds": 0})

    def move(self) -> None:
        """Let other pods lead some elections, as in a rollout."""
        with self._kept_open() as ask:
            for number, (namespace, name) in enumerate(list(self.led)):
                if number % ELECTIONS < MOVED:
                    pod = f"pod-{PODS - 1 - number % ELECTIONS}"
                    found = ask("GET", lease_path(namespace, name))
                    ask("PUT", lease_path(namespace, name), self._held(found, namespace, pod, 99))
                    self.led[namespace, name] = pod

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

    def _make_pods(self, ask: Ask, namespace: str) -> None:
        spec = {
            "nodeName": "node-1",
            "automountServiceAccountToken": False,
            "containers": [{"name": "a", "image": "a"}],
        }
        for number in range(PODS):
            leads = {leader_label(f"election-{number}"): "true", LEADS_LABEL: "true"} if number < ELECTIONS else {}
            body = {"metadata": {"name": f"pod-{number}", "labels": leads}, "spec": spec}
            self._uids[namespace, f"pod-{number}"] = ask("POST", pod_path(namespace), body)["metadata"]["uid"]

    def _make_election(self, ask: Ask, namespace: str, number: int) -> None:
        name, pod = f"election-{number}", f"pod-{number}"
        head = {"apiVersion": "leader-sidecar.io/v1alpha1", "kind": "LeaderElection", "metadata": {"name": name}}
        spec = {"leaseDuration": "600s", "serviceAccounts": ["app"]}
        made = ask("POST", _elections(namespace), {**head, "spec": spec})
        election = read_resource(made)
        lease = ask("POST", lease_path(namespace), self._held(objects.new_lease(election), namespace, pod, 41))
        ask("POST", role_path(namespace), objects.role(election))
        ask("POST", binding_path(namespace), objects.role_binding(election))
        record = parse_record(lease)
        assert isinstance(record, Record)
        holder = read_holder(record)
        told = new_status(election, record, holder, node="node-1", lapsed=False, fault=None, wall_us=0)
        told = {key: value for key, value in told.items() if value is not None} | {"lease": {"uid": record.uid}}
        ask("PUT", f"{_elections(namespace)}/{name}/status", {**made, "status": told})
        self.led[namespace, name] = pod

    def _held(self, lease: dict[str, Any], namespace: str, pod: str, token: int) -> dict[str, Any]:
        """Put a term into a Lease."""
        metadata = {**lease["metadata"], "annotations": {TOKEN_ANNOTATION: str(token)}}
        spec = {
            "holderIdentity": f"{pod}_{self._uids[namespace, pod]}_0123456789abcdef",
            "leaseDurationSeconds": 600,
            "acquireTime": "2026-11-28T10:00:00.000000Z",
            "renewTime": "2026-11-28T10:00:05.000000Z",
            "leaseTransitions": token,
        }
        return {**lease, "metadata": metadata, "spec": spec}


def _elections(namespace: str) -> str:
    return resource_path((namespace, "")).rstrip("/")


@pytest.mark.timeout(300)
def test_two_hundred_elections_are_right_soon_after_a_restart_without_a_storm(cluster: Cluster, start: Start) -> None:
    with Fleet(cluster) as fleet:
        assert fleet.seen() == fleet.led
        fleet.move()
        began_s = time.monotonic()
        operator = start()
        wait_for(lambda: operator.acts, START_S, "it acts")
        acting_s = time.monotonic()
        wait_for(lambda: fleet.seen() == fleet.led, CONVERGED_S, "all labels and statuses are right")
        right_s = time.monotonic()
        asked = operator.metric(REQUESTS)
        rest(operator)
        whole = operator.metric(REQUESTS)
    print(
        f"{len(fleet.led)} elections, {NAMESPACES * PODS} pods, {NAMESPACES * MOVED} leaders moved meanwhile: "
        f"right {right_s - began_s:.1f} s after the start, {asked:.0f} requests at {asked / (right_s - acting_s):.0f} "
        f"a second, {whole - asked:.0f} more until it rests; {operator.memory_mib:.0f} MiB at most"
    )
    assert right_s - began_s < CONVERGED_S
    assert asked / (right_s - acting_s) < REQUESTS_PER_S
    assert whole < MOST_REQUESTS * len(fleet.led)
    assert operator.memory_mib < MEMORY_MIB


def rest(operator: OperatorProcess) -> None:
    """Wait until an operator asks for nothing any more."""

    def rests() -> bool:
        before = operator.metric(REQUESTS)
        time.sleep(REST_S)
        return operator.metric(REQUESTS) == before

    wait_for(rests, CONVERGED_S, "it rests")
