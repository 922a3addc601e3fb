"""The charts on a real API server: what it takes, what it refuses, and what becomes of the Lease.

There are no controllers and no nodes: objects are stored and admitted as on any cluster, and pods do not run.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from chart.helm import CHARTS, DEMO, Helm, find_helm, pods
from cluster.apiserver import ApiServer

pytestmark = pytest.mark.apiserver
MANIFESTS = CHARTS.parent / "manifests"
TOKEN = "leader-sidecar.io/fencing-token"
ENFORCE = "pod-security.kubernetes.io/enforce"


class Installed:
    """One namespace of the API server, `helm` and `kubectl` in it."""

    def __init__(self, server: ApiServer, helm: Helm, namespace: str, folder: Path) -> None:
        self._server = server
        self._helm = helm
        self.namespace = namespace
        self._kubeconfig = server.kubeconfig_with_certificate(folder / "kubeconfig", namespace=namespace)
        labels = {ENFORCE: "restricted"}
        server.admin.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace, "labels": labels}})
        server.make_service_account(namespace, "default")  # there is no controller that would

    @property
    def lease_path(self) -> str:
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/payouts"

    def lease(self) -> dict[str, Any]:
        found: dict[str, Any] = self._server.admin.request("GET", self.lease_path)
        return found

    def lead(self, pod: str, token: int) -> dict[str, Any]:
        """Write the Lease as this pod's sidecar would. Returns: what is then stored."""
        record = self.lease()
        record["metadata"]["annotations"][TOKEN] = str(token)
        record["spec"] = {"holderIdentity": f"{pod}_uid_nonce", "leaseDurationSeconds": 15, "leaseTransitions": 3}
        stored: dict[str, Any] = self._server.admin.request("PUT", self.lease_path, record)
        return stored

    def may(self, verb: str, resource: str, name: str = "", group: str = "coordination.k8s.io") -> bool:
        """Ask whether the sidecar's account is allowed something in its namespace."""
        attributes = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource, "name": name}
        user = f"system:serviceaccount:{self.namespace}:payouts-housekeeping-demo"
        spec = {"user": user, "resourceAttributes": attributes}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return bool(self._server.admin.request("POST", path, {"spec": spec})["status"]["allowed"])

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace."""
        done = self._helm.run("--kubeconfig", str(self._kubeconfig), "--namespace", self.namespace, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a person would, with kubectl on the path."""
        kubectl = find_helm("kubectl")
        assert kubectl, "no kubectl: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin apiserver"
        path = f"{Path(kubectl).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PATH": path, "KUBECONFIG": str(self._kubeconfig)},
        )

    def create_pod(self, name: str, spec: dict[str, Any], *flags: str) -> subprocess.CompletedProcess[str]:
        """Make a pod of this spec, for which its account has to exist."""
        self._server.make_service_account(self.namespace, spec.get("serviceAccountName", "default"))
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        file = self._kubeconfig.with_name(f"{name}.json")
        file.write_text(json.dumps(pod))
        return self.shell(f"kubectl create {' '.join(flags)} -f {file}")


@pytest.fixture
def installed(apiserver: ApiServer, helm: Helm, tmp_path: Path) -> Installed:
    """A namespace of the test's own that enforces the restricted standard."""
    return Installed(apiserver, helm, f"charts-{uuid.uuid4().hex[:12]}", tmp_path)


def test_the_lease_keeps_its_record_over_upgrade_uninstall_and_install(installed: Installed) -> None:
    installed.helm("install", "payouts", str(DEMO))
    assert installed.lease()["spec"] == {}
    written = installed.lead("payouts-0", 417)
    installed.helm("upgrade", "payouts", str(DEMO), "--set", "replicaCount=2")
    assert installed.lease() == written
    installed.helm("uninstall", "payouts")
    assert installed.lease() == written
    left = installed.shell("kubectl get role,rolebinding,deployment,service,job -o name").stdout
    assert left == ""
    installed.helm("install", "payouts", str(DEMO))
    assert installed.lease() == written


def test_the_notes_are_three_commands_that_work(installed: Installed, helm: Helm) -> None:
    notes = installed.helm("install", "payouts", str(DEMO))
    commands = [line.strip() for line in notes.splitlines() if line.startswith("  kubectl ")]
    asks_who_leads, asks_the_sidecar, deletes_the_leader = commands
    installed.lead("payouts-0", 417)
    assert installed.shell(asks_who_leads).stdout.split() == ["LEADER", "TOKEN", "payouts-0_uid_nonce", "417"]
    # Pods do not run here: kubectl finds the Deployment, and waits for a pod of it.
    looked = installed.shell(asks_the_sidecar.replace(" exec ", " exec --pod-running-timeout=1s "))
    assert "timed out waiting" in looked.stderr or "no pods" in looked.stderr, looked.stderr
    spec = pods(helm.render())["Deployment/payouts-housekeeping-demo"]
    assert installed.create_pod("payouts-0", spec).returncode == 0
    assert 'pod "payouts-0" deleted' in installed.shell(deletes_the_leader).stdout


def test_the_account_may_get_update_and_watch_one_lease_and_nothing_else(installed: Installed) -> None:
    installed.helm("install", "payouts", str(DEMO), "--set", "leader-sidecar.events=false")
    deadline_s = time.monotonic() + 10.0
    while not installed.may("watch", "leases", "payouts"):
        assert time.monotonic() < deadline_s, "the API server does not act on the Role"
        time.sleep(0.05)
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    allowed = {
        (verb, name) for verb in verbs for name in ("payouts", "other", "") if installed.may(verb, "leases", name)
    }
    assert allowed == {("get", "payouts"), ("update", "payouts"), ("watch", "payouts")}
    assert not any(installed.may(verb, "events", group="events.k8s.io") for verb in verbs)
    assert not any(installed.may(verb, resource, group="") for verb in verbs for resource in ("pods", "secrets"))


@pytest.mark.parametrize("values", [{}, {"sidecar__plainContainer": True}], ids=["native", "plain"])
def test_a_namespace_that_enforces_restricted_takes_every_pod(
    installed: Installed, helm: Helm, values: dict[str, Any]
) -> None:
    for number, spec in enumerate(pods(helm.render(job__enabled=True, **values)).values()):
        done = installed.create_pod(f"pod-{number}", spec, "--dry-run=server")
        assert done.returncode == 0, done.stderr
        assert "violate" not in done.stderr
    done = installed.create_pod("root", {**spec, "hostPID": True}, "--dry-run=server")
    assert 'violates PodSecurity "restricted' in done.stderr


def test_the_manifests_are_taken_in_one_go_and_again(apiserver: ApiServer, helm4: Helm, tmp_path: Path) -> None:
    person = Installed(apiserver, helm4, "manifests", tmp_path)
    for _ in range(2):
        done = person.shell(f"kubectl apply -f {MANIFESTS}")
        assert done.returncode == 0, done.stderr
        assert done.stderr == "", "the API server warns"
        assert "pod/example " in done.stdout
