"""The webhook before a real API server: what it makes of pods and workloads, and what is done while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.helm import of_kind
from cluster.apiserver import ApiServer
from cluster.rest import RestError
from injection.chart import NAMESPACE, define_elections, elections_path, path_of, put, remove, render
from injection.pods import ELECTION, INJECT, decide, make_pod, sidecar_of
from injection.replica import ACCOUNT, PODS, SHOP, Operator, kubectl, metadata, ready, until
from leader_sidecar.operator.injection.patch import Patch

pytestmark = pytest.mark.apiserver
FAIL = pytest.mark.parametrize("installed", ["Fail"], indirect=True)
IGNORE = pytest.mark.parametrize("installed", ["Ignore"], indirect=True)
RIGHTS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
OBJECTS = ("Lease", "Secret", *RIGHTS, "MutatingWebhookConfiguration")


@pytest.fixture(scope="module", params=["Fail", "Ignore"])
def installed(
    apiserver: ApiServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Operator]:
    """Install the chart with a failurePolicy, and take it away again."""
    for name in (NAMESPACE, SHOP):
        apiserver.make_namespace(name)
        apiserver.make_service_account(name, "default")
    apiserver.make_service_account(NAMESPACE, ACCOUNT)
    objects = render(injection__failurePolicy=request.param)
    define_elections(apiserver, objects, SHOP, {"payouts": {}, "slow": ELECTION})
    one = Operator(apiserver, tmp_path_factory.mktemp("operator"), objects)
    made = [each for each in one.objects if each["kind"] in OBJECTS]
    for each in made:
        put(apiserver, each)
    yield one
    one.process.kill()
    for each in made:
        remove(apiserver, each)
    apiserver.admin.request("DELETE", elections_path(SHOP))


@pytest.fixture
def operator(installed: Operator) -> Operator:
    """Give an operator that runs, has its certificate, and is asked."""
    if installed.process.pid is None:
        installed.process.start()
    until(lambda: ready(installed), "the webhook is not asked", installed)
    return installed


def create(operator: Operator, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create an object as an administrator."""
    made: dict[str, Any] = operator.api.admin.request("POST", path, body)
    return made


@FAIL
def test_a_pod_gets_the_sidecar_its_token_and_its_address(operator: Operator) -> None:
    pod = make_pod("slow")
    pod["metadata"]["namespace"] = SHOP
    pod["metadata"]["generateName"] = "slow-"
    del pod["metadata"]["name"]
    made = create(operator, PODS, pod)
    assert sidecar_of(made) == made["spec"]["initContainers"][0]
    assert sidecar_of(made)["restartPolicy"] == "Always"
    assert "--lease-duration=30s" in sidecar_of(made)["args"]
    mounts = {mount["mountPath"]: mount["name"] for mount in sidecar_of(made)["volumeMounts"]}
    assert mounts == {"/var/run/secrets/kubernetes.io/serviceaccount": "leader-sidecar-token"}
    assert {"name": "LEADER_URL", "value": "http://localhost:8080"} in made["spec"]["containers"][0]["env"]
    assert decide(made, ELECTION) == Patch(()), "what the API server keeps needs no second injection"


@FAIL
def test_a_pod_that_asks_for_what_cannot_be_is_refused_with_the_reason(operator: Operator) -> None:
    with pytest.raises(RestError, match="two leaders could overlap"):
        create(operator, PODS, make_pod() | {"metadata": metadata("wrong", lease_duration="12s")})
    with pytest.raises(RestError, match="no LeaderElection 'nobody'"):
        create(operator, PODS, make_pod() | {"metadata": metadata("wrong", "nobody")})


@IGNORE
def test_or_it_goes_through_with_a_warning(operator: Operator, tmp_path: Path) -> None:
    pod = make_pod() | {"apiVersion": "v1", "kind": "Pod", "metadata": metadata("warned", lease_duration="15")}
    done = kubectl(operator.api, tmp_path, "create", "-f", "-", stdin=yaml.safe_dump(pod))
    assert done.returncode == 0, done.stderr
    assert "Warning: leader-sidecar is not injected: --lease-duration '15'" in done.stderr
    assert "initContainers" not in operator.api.admin.request("GET", f"{PODS}/warned")["spec"]


@FAIL
def test_a_pod_on_the_nodes_network_goes_through_with_a_warning(operator: Operator, tmp_path: Path) -> None:
    pod = make_pod() | {"apiVersion": "v1", "kind": "Pod", "metadata": metadata("node")}
    pod["spec"]["hostNetwork"] = True
    done = kubectl(operator.api, tmp_path, "create", "-f", "-", stdin=yaml.safe_dump(pod))
    assert done.returncode == 0, done.stderr
    assert "Warning: leader-sidecar is not injected: no sidecar for a pod with hostNetwork" in done.stderr


@FAIL
@pytest.mark.parametrize("namespace", ["kube-system", NAMESPACE])
def test_pods_of_the_cluster_and_of_the_operator_are_not_asked_about(operator: Operator, namespace: str) -> None:
    operator.api.make_service_account(namespace, "default")
    body = make_pod() | {"metadata": metadata("own")}
    operator.process.pause()  # if it were asked it would not answer
    try:
        made = create(operator, f"/api/v1/namespaces/{namespace}/pods?dryRun=All", body)
    finally:
        operator.process.resume()
    assert "initContainers" not in made["spec"]


@IGNORE
def test_an_event_on_the_owner_says_why_a_pod_was_not_injected(operator: Operator) -> None:
    operator.process.kill()
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "payouts-6d4cf56db6", "uid": "0-1-2"}
    for number in range(3):
        body = make_pod() | {"metadata": metadata(f"missed-{number}")}
        body["metadata"]["ownerReferences"] = [owner | {"controller": True}]
        create(operator, PODS, body)
    operator.process.start()

    def told() -> list[dict[str, Any]]:
        path = f"/apis/events.k8s.io/v1/namespaces/{SHOP}/events"
        found = operator.api.admin.request("GET", path)["items"]
        return [one for one in found if one["reason"] == "SidecarNotInjected" and one["regarding"]["uid"] == "0-1-2"]

    until(told, "no Event", operator)
    time.sleep(1.0)
    (event,) = told()
    assert event["regarding"]["kind"] == "ReplicaSet"
    assert "has no leader-sidecar: the pod was made while nothing injected" in event["note"]


@FAIL
def test_kubectl_label_on_a_deployment_reaches_its_pods_and_leaves_them(operator: Operator, tmp_path: Path) -> None:
    api = operator.api
    done = kubectl(api, tmp_path, "create", "deployment", "payouts", "--image=your-app")
    assert done.returncode == 0, done.stderr
    path = f"/apis/apps/v1/namespaces/{SHOP}/deployments/payouts"
    for change, expected in ((f"{INJECT}=payouts", "payouts"), (f"{INJECT}-", None)):
        done = kubectl(api, tmp_path, "label", "deployment", "payouts", change)
        assert done.returncode == 0, done.stderr
        template = api.admin.request("GET", path)["spec"]["template"]
        assert template["metadata"]["labels"].get(INJECT) == expected
    operator.process.pause()  # other updates do not ask it
    try:
        done = kubectl(api, tmp_path, "annotate", "deployment", "payouts", "an-update=without-the-label")
    finally:
        operator.process.resume()
    assert done.returncode == 0, done.stderr
    api.admin.request("DELETE", path)


@FAIL
def test_no_pod_is_refused_while_the_certificate_is_exchanged(operator: Operator) -> None:
    (secret,) = of_kind(operator.objects, "Secret")
    path = f"{path_of(secret)}/{secret['metadata']['name']}"
    before = operator.bundle()
    api, refused, made, ended = operator.api, [], [], threading.Event()

    def make() -> None:
        while not ended.is_set():
            try:
                api.admin.request("POST", f"{PODS}?dryRun=All", make_pod() | {"metadata": metadata("steady")})
                made.append(time.monotonic())
            except RestError as error:
                refused.append(str(error))

    maker = threading.Thread(target=make)
    maker.start()
    try:
        api.admin.request("PUT", path, api.admin.request("GET", path) | {"data": {}})
        until(lambda: operator.bundle() != before, "no new certificate", operator)
        assert before in operator.bundle(), "old and new"
        shown = operator.process.log_tail().count(" certificate ")
        until(lambda: operator.process.log_tail().count(" certificate ") > shown, "the new one is not served", operator)
        time.sleep(1.0)
    finally:
        ended.set()
        maker.join()
    assert not refused, refused[:3]
    assert len(made) > 20


@FAIL
def test_two_replicas_share_their_certificates(operator: Operator, tmp_path: Path) -> None:
    other = Operator(operator.api, tmp_path, render())
    before = operator.bundle()
    other.process.start()
    try:
        until(lambda: " certificate " in other.process.log_tail(), "no certificate", other)
        assert operator.bundle() == before, "the second took what the first had made"
    finally:
        other.process.kill()


def test_while_the_operator_is_down_failure_policy_decides(operator: Operator) -> None:
    operator.process.kill()
    body = make_pod() | {"metadata": metadata("orphan")}
    if operator.hook["webhooks"][0]["failurePolicy"] == "Ignore":
        assert "initContainers" not in create(operator, f"{PODS}?dryRun=All", body)["spec"]
    else:
        with pytest.raises(RestError, match="failed calling webhook"):
            create(operator, PODS, body)
    unlabelled = make_pod(None) | {"metadata": {"name": "other"}}
    assert create(operator, f"{PODS}?dryRun=All", unlabelled)["spec"]
