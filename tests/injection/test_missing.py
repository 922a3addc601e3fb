"""A pod without its sidecar is told of once, on its owner, with the reason, whoever tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from injection.pods import OWN_NAMESPACE, TEMPLATE, make_pod
from leader_sidecar.operator.injection.admission import Admission
from leader_sidecar.operator.injection.configuration import Injection
from leader_sidecar.operator.injection.missing import MissingSidecars
from leader_sidecar.operator.injection.objects import ApiFault
from leader_sidecar.runtime.clock import Clock

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "payouts-6d4", "uid": "rs-1"}


class Cluster:
    """Pods by pages of two, and Events whose names are taken once."""

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.events: dict[str, dict[str, Any]] = {}
        self.fault: ApiFault | None = None

    def add(self, uid: str, **annotations: str) -> dict[str, Any]:
        """Add a pod of the owner."""
        pod = make_pod(**annotations)
        pod["metadata"] |= {"name": f"payouts-{uid}", "uid": uid, "ownerReferences": [OWNER | {"controller": True}]}
        self.pods.append(pod)
        return pod

    async def read(self, path: str, query: str = "") -> dict[str, Any]:
        asked = parse_qs(query)
        assert path == "/api/v1/pods"
        assert asked["labelSelector"] == [
            "leader-sidecar.io/inject,leader-sidecar.io/inject!=false,!leader-sidecar.io/injected"
        ]
        begin = int(asked.get("continue", ["0"])[0])
        more = str(begin + 2) if begin + 2 < len(self.pods) else ""
        return {"metadata": {"continue": more}, "items": self.pods[begin : begin + 2]}

    async def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        assert path == "/apis/events.k8s.io/v1/namespaces/pay/events"
        if self.fault is not None:
            raise self.fault
        if body["metadata"]["name"] in self.events:
            raise ApiFault(409, "exists")
        self.events[body["metadata"]["name"]] = dict(body)
        return dict(body)


async def no_election(namespace: str, name: str) -> Mapping[str, Any] | None:
    """Find none."""
    return None


def teller(cluster: Cluster) -> MissingSidecars:
    """Make one operator's teller."""

    def log(level: str, event: str, **fields: object) -> None:
        raise AssertionError(f"{level} {event} {fields}")

    admission = Admission(Injection(TEMPLATE, True, None), OWN_NAMESPACE, no_election, log)
    return MissingSidecars(cluster, admission, "operator-0", Clock(), log)  # type: ignore[arg-type]


async def test_one_event_tells_of_all_pods_of_an_owner_that_lack_it_for_the_same_reason() -> None:
    cluster = Cluster()
    for uid in "abcde":
        cluster.add(uid)
    cluster.add("f", lease_duration="15")
    await teller(cluster).look()
    await teller(cluster).look()  # the other replica
    notes = sorted(event["note"] for event in cluster.events.values())
    assert len(notes) == 2
    assert "payouts-a has no leader-sidecar: the pod was made while nothing injected" in notes[0]
    assert "payouts-f has no leader-sidecar: --lease-duration '15'" in notes[1]
    for event in cluster.events.values():
        assert event["regarding"] == OWNER | {"namespace": "pay"}
        assert (event["type"], event["reason"]) == ("Warning", "SidecarNotInjected")


async def test_a_pod_without_an_owner_is_told_of_itself() -> None:
    cluster = Cluster()
    pod = cluster.add("a")
    del pod["metadata"]["ownerReferences"]
    pod["spec"]["hostNetwork"] = True
    await teller(cluster).look()
    (event,) = cluster.events.values()
    assert event["regarding"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": "payouts-a",
        "uid": "a",
        "namespace": "pay",
    }
    assert "hostNetwork" in event["note"]


async def test_each_pod_is_told_of_once_and_again_after_a_failure() -> None:
    cluster = Cluster()
    cluster.add("a")
    one = teller(cluster)
    cluster.fault = ApiFault(0, "no answer")
    with pytest.raises(ApiFault):
        await one.look()
    cluster.fault = None
    await one.look()
    assert len(cluster.events) == 1
    cluster.fault = ApiFault(0, "it was told already")
    await one.look()


async def test_a_long_reason_fits_into_an_event() -> None:
    cluster = Cluster()
    cluster.add("a", **{f"ü{number}": "x" for number in range(100)})
    await teller(cluster).look()
    (event,) = cluster.events.values()
    assert 900 < len(event["note"].encode()) <= 1024
