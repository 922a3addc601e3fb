"""The policy on a real API server: it makes of a pod what the webhook makes of it, and refuses what that refuses."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chart.helm import Objects
from cluster.apiserver import ApiServer
from cluster.rest import RestError
from injection.chart import configuration_of, define_elections, elections_path, put, remove, render
from injection.pods import ELECTION, INJECT, decide, inject, make_pod
from leader_sidecar.operator.injection.asked import Faults
from leader_sidecar.operator.injection.template import Template

pytestmark = pytest.mark.apiserver
NAMESPACE = "shop"
PODS = "/api/v1/namespaces/shop/pods"
DRY = "?dryRun=All"


def owned(kind: str, name: str, **labels: str) -> dict[str, Any]:
    """Make a pod as a workload's controller would."""
    pod = make_pod(election=None)
    pod["metadata"]["labels"] |= {key.replace("_", "-"): value for key, value in labels.items()}
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "1", "controller": True}
    pod["metadata"]["ownerReferences"] = [owner]
    return pod


def with_containers(**annotations: str) -> dict[str, Any]:
    """Make a pod that has something of everything already."""
    pod = make_pod(**annotations)
    pod["spec"]["initContainers"] = [{"name": "migrate", "image": "a"}]
    pod["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    pod["spec"]["containers"] = [
        {"name": "app", "image": "a", "ports": [{"containerPort": 80}]},
        {"name": "worker", "image": "a", "env": [{"name": "X", "value": "$(LEADER_URL)"}]},
        {"name": "odd", "image": "a", "env": [{"name": "LEADER_URL", "value": "http://localhost:1"}]},
    ]
    return pod


def with_port(port: int, **annotations: str) -> dict[str, Any]:
    """Make a pod whose app says where it listens."""
    pod = make_pod(**annotations)
    pod["spec"]["containers"][0]["ports"] = [{"containerPort": port}]
    return pod


ALL = {
    "lease_duration": "30s",
    "renew_deadline": "20s",
    "renew_interval": "7500ms",
    "retry_period": "2s",
    "stop_margin": "3s",
    "max_drift": "0.01",
    "listen": "127.0.0.1:8088",
    "probe_listen": "0.0.0.0:8089",
    "token_floor": "9007199254740000",
    "create_lease": "yes",
    "ready_when_leader": "ON",
    "events": "false",
    "log_format": "text",
    "log_level": "debug",
}
ASKED: dict[str, dict[str, Any]] = {
    "nothing but a sidecar": make_pod(),
    "every setting": make_pod(election="payouts, other/reports", **ALL),
    "a plain container": with_containers(plain_container="1"),
    "a pod with something of everything": with_containers(listen="[::1]:9090"),
    "a named election": make_pod("payouts"),
    "a named election of other timings": make_pod("slow", stop_margin="4s"),
    "by a Deployment": owned("ReplicaSet", "payouts-6d4cf56db6", pod_template_hash="6d4cf56db6"),
    "by a StatefulSet": owned("StatefulSet", "payouts"),
    "by a bare ReplicaSet": owned("ReplicaSet", "payouts-6d4cf56db6"),
    "by a Job": owned("Job", "payouts"),
    "a port of its own": with_port(8080, listen="localhost:9090"),
    "a port that is taken": with_port(8080),
    "a probe port that is taken": with_port(8081),
    "an empty label": make_pod(""),
    "an election that there is not": make_pod("nobody"),
    "two elections": make_pod("payouts", election="reports"),
    "one election twice": make_pod(election="reports,shop/reports"),
    "no name of a Lease": make_pod(election="Payouts"),
    "an empty annotation": make_pod(log_format=""),
    "an annotation that there is not": make_pod(lease_durtion="15s"),
    **{
        f"{name}: {text}": make_pod(**{name: text})
        for name, texts in {
            "lease_duration": ["15", "1.5s", "0s", "12s", "12.600s", "12601ms", "13000ms", "61m", "1h", " 15s"],
            "renew_deadline": ["0s", "12285ms", "12286ms", "6999ms", "7s", "99999999999m"],
            "renew_interval": ["49ms", "50ms", "8s", "8001ms"],
            "retry_period": ["49ms", "2500ms", "2501ms"],
            "stop_margin": ["0s", "-1s", "4285ms", "4286ms"],
            "max_drift": ["5%", "0.249999999", "0.25", "1.1", "0.0000000001", ".1"],
            "listen": ["0.0.0.0:8080", "127.0.0.256:1", "127.1.2.3:1", "[::1]:9", "localhost:65536", "localhost:8081"],
            "probe_listen": ["8081", ":8080", "10.0.0.1:1", "10.0.1:1", "[fe80::1]:9", "example.com:1", "localhost:7"],
            "token_floor": ["-1", "9007199254740991", "9007199254740992", "1e3"],
            "events": ["no", "True", "perhaps", "2"],
            "log_format": ["JSON", "xml"],
            "log_level": ["Info", "loud"],
        }.items()
        for text in texts
    },
}


@pytest.fixture(scope="module")
def policy(apiserver: ApiServer) -> Iterator[Objects]:
    """Install the policies, and take them away again."""
    # Values of every sidecar reach the policy as they reach the webhook.
    objects = render(injection__by="policy", sidecar__logLevel="debug", sidecar__maxDrift=0.04)
    apiserver.make_namespace(NAMESPACE)
    apiserver.make_service_account(NAMESPACE, "default")
    define_elections(apiserver, objects, NAMESPACE, {"payouts": {}, "slow": ELECTION})
    wanted = [one for one in objects if "Admission" in one["kind"]]
    for one in wanted:
        put(apiserver, one)
    deadline_s = time.monotonic() + 30.0
    while verdict(apiserver, make_pod("slow")) is None or verdict(apiserver, make_pod("")) is not None:
        assert time.monotonic() < deadline_s, "the policies do not act"
        time.sleep(0.2)
    yield objects
    for one in reversed(wanted):
        remove(apiserver, one)
    apiserver.admin.request("DELETE", elections_path(NAMESPACE))


def verdict(api: ApiServer, pod: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the API server makes of a pod; None where the policy refuses it."""
    body = {**pod, "metadata": {**pod["metadata"], "namespace": NAMESPACE}}
    try:
        made: dict[str, Any] = api.admin.request("POST", PODS + DRY, body)
    except RestError as error:
        if "leader-sidecar is not injected" not in str(error):
            raise
        return None
    return made


@pytest.fixture(scope="module")
def bare(policy: Objects) -> Template:
    """What the chart would have given the webhook."""
    return Template.of(configuration_of(policy))


@pytest.mark.parametrize("what", ASKED)
def test_the_policy_makes_the_same_pod_as_the_webhook(
    apiserver: ApiServer, policy: Objects, bare: Template, what: str
) -> None:
    pod = copy.deepcopy(ASKED[what])
    pod["metadata"]["namespace"] = NAMESPACE
    pod["spec"]["automountServiceAccountToken"] = False  # its volume would have a name by chance
    name = pod["metadata"]["labels"]["leader-sidecar.io/inject"]
    election = None
    if name in ("payouts", "slow"):
        election = apiserver.admin.request("GET", f"{elections_path(NAMESPACE)}/{name}")["spec"]
    made = verdict(apiserver, pod)
    if isinstance(decide(pod, election, bare), Faults):
        assert made is None
        return
    # The API server puts its defaults into both; the second is not touched by the policy any more.
    by_webhook = verdict(apiserver, inject(pod, election, bare))
    assert made is not None
    assert by_webhook is not None
    for one in (made, by_webhook):
        del one["metadata"]["creationTimestamp"], one["metadata"]["uid"]
        one["metadata"].pop("managedFields", None)
    assert made == by_webhook


def test_a_pod_on_the_nodes_network_goes_through_without(apiserver: ApiServer, policy: Objects) -> None:
    pod = make_pod(lease_duration="nonsense")
    pod["spec"]["hostNetwork"] = True
    made = verdict(apiserver, pod)
    assert made is not None
    assert "initContainers" not in made["spec"]


def test_a_pod_that_says_no_goes_through_without(apiserver: ApiServer, policy: Objects) -> None:
    made = verdict(apiserver, make_pod("false"))
    assert made is not None
    assert "initContainers" not in made["spec"]


def test_a_workloads_label_reaches_its_pods_and_leaves_them(apiserver: ApiServer, policy: Objects) -> None:
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
    labels = {"app": "carried"}
    template = {"metadata": {"labels": labels}, "spec": make_pod()["spec"]}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    body = {"metadata": {"name": "carried", "labels": {INJECT: "payouts"}}, "spec": spec}
    made = apiserver.admin.request("POST", path, body)
    assert made["spec"]["template"]["metadata"]["labels"] == {**labels, INJECT: "payouts"}
    made["metadata"]["labels"] = {}
    left = apiserver.admin.request("PUT", f"{path}/carried", made)
    apiserver.admin.request("DELETE", f"{path}/carried")
    assert left["spec"]["template"]["metadata"]["labels"] == labels
