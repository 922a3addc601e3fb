"""A real kube-apiserver that knows LeaderElections, and objects in it as a test needs them.

There are no controllers, no scheduler and no kubelets: pods are objects that nobody runs, and nothing is collected.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from cluster.apiserver import ApiServer
from cluster.rest import RestError
from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION
from leader_sidecar.operator.resource import (
    LABEL_PREFIX,
    PLURAL,
    binding_path,
    lease_path,
    pod_path,
    resource_path,
    role_path,
    service_path,
)
from process import sidecars
from process.servers import edit

FILES = Path(__file__).parents[2] / "charts" / "leader-sidecar-operator" / "files"
OPERATORS = "leader-sidecar-system"
ACCOUNT = "leader-sidecar-operator"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"

SHORT_LEASE = {
    "leaseDuration": "3s",
    "renewDeadline": "2s",
    "renewInterval": "500ms",
    "retryPeriod": "200ms",
    "stopMargin": "500ms",
}
"""Timings of an election whose leaders run out while a test waits, those of `process.sidecars`."""

LEASE_S = 60
"""Lease duration of elections and terms that outlast a test, however slow its machine is."""

# An API server with a thousand pods is asked less often than a sidecar.
wait_for = partial(sidecars.wait_for, every_s=0.05)


class Cluster:
    """Make and look at objects, as a member of system:masters.

    Args:
        api: runs already.
    """

    def __init__(self, api: ApiServer) -> None:
        self.api = api
        self._ask = api.admin.request

    def install(self) -> None:
        """Make what the chart makes: the CRD, the operators' account and its rights. What is there already stays."""
        definition = yaml.safe_load((FILES / "leaderelections.yaml").read_text())
        self._make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        self.api.make_namespace(OPERATORS)
        self.api.make_service_account(OPERATORS, ACCOUNT)
        rules = yaml.safe_load((FILES / "rules.yaml").read_text())
        self._make(f"{_RBAC}/clusterroles", {"metadata": {"name": ACCOUNT}, "rules": rules})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ACCOUNT}
        subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": OPERATORS}
        binding = {"metadata": {"name": ACCOUNT}, "roleRef": reference, "subjects": [subject]}
        self._make(f"{_RBAC}/clusterrolebindings", binding)
        wait_for(lambda: self._served() or None, 10.0, "the CRD is served")

    def new_operators(self, name: str) -> None:
        """Make a Lease by which some operators agree, given back by one before them, and the right to it."""
        annotations = {TOKEN_ANNOTATION: "1", RELEASED_ANNOTATION: "1"}
        self._make(lease_path(OPERATORS), {"metadata": {"name": name, "annotations": annotations}})
        self.api.grant(OPERATORS, ACCOUNT, ["get", "update", "watch"], names=[name])

    def new_namespace(self) -> str:
        """Make a namespace of its own, with the account that pods need."""
        name = f"operator-{uuid.uuid4().hex[:8]}"
        self.api.make_namespace(name)
        self.api.make_service_account(name, "default")
        return name

    def make_election(self, namespace: str, name: str, **spec: Any) -> dict[str, Any]:
        """Make a LeaderElection whose leaders do not run out in a test, if no other timings are given."""
        body = {"apiVersion": "leader-sidecar.io/v1alpha1", "kind": "LeaderElection", "metadata": {"name": name}}
        path = resource_path((namespace, name)).rpartition("/")[0]
        made: dict[str, Any] = self._ask("POST", path, {**body, "spec": {"leaseDuration": f"{LEASE_S}s", **spec}})
        return made

    def election(self, namespace: str, name: str) -> dict[str, Any]:
        """Return a LeaderElection."""
        found: dict[str, Any] = self._ask("GET", resource_path((namespace, name)))
        return found

    def edit_election(self, namespace: str, name: str, **spec: Any) -> None:
        """Change some fields of its spec."""
        self._edit(resource_path((namespace, name)), lambda body: body["spec"].update(spec))

    def delete_election(self, namespace: str, name: str) -> None:
        """Delete it."""
        self._ask("DELETE", resource_path((namespace, name)))

    def status(self, namespace: str, name: str) -> dict[str, Any]:
        """Return its status, {} while it has none."""
        status: dict[str, Any] = self.election(namespace, name).get("status") or {}
        return status

    def leader(self, namespace: str, name: str) -> dict[str, Any]:
        """Return who leads by its status, {} while that names nobody."""
        leader: dict[str, Any] = self.status(namespace, name).get("leader") or {}
        return leader

    def condition(self, namespace: str, name: str, kind: str) -> tuple[str, str]:
        """Return status and reason of one of its conditions, empty while it has none."""
        conditions = self.status(namespace, name).get("conditions", [])
        return next(((one["status"], one["reason"]) for one in conditions if one["type"] == kind), ("", ""))

    def message(self, namespace: str, name: str, kind: str) -> str:
        """Return the sentence of one of its conditions."""
        conditions = self.status(namespace, name)["conditions"]
        return str(next(one["message"] for one in conditions if one["type"] == kind))

    @contextlib.contextmanager
    def without_rule(self, resource: str) -> Iterator[None]:
        """Take the operators' right to a resource, while the context lasts."""
        path = f"{_RBAC}/clusterroles/{ACCOUNT}"
        before = self._ask("GET", path)
        rules = [rule for rule in before["rules"] if resource not in rule["resources"]]
        self._ask("PUT", path, {**before, "rules": rules})
        try:
            wait_for(lambda: not self._may("get", resource), 10.0, "the right is gone")
            yield
        finally:
            self._ask("PUT", path, {"metadata": {"name": ACCOUNT}, "rules": before["rules"]})
            wait_for(lambda: self._may("get", resource), 10.0, "the right is back")

    def make_pod(self, namespace: str, name: str, **metadata: Any) -> str:
        """Make a pod that nobody runs. Returns: its uid."""
        container = {"name": "app", "image": "app"}
        spec = {"nodeName": "node-1", "automountServiceAccountToken": False, "containers": [container]}
        body = {"metadata": {"name": name, **metadata}, "spec": spec}
        return str(self._ask("POST", pod_path(namespace), body)["metadata"]["uid"])

    def delete_pod(self, namespace: str, name: str) -> None:
        """Delete it at once, as if its kubelet had said that it has ended."""
        self._ask("DELETE", pod_path(namespace, name), {"gracePeriodSeconds": 0})

    def leaders(self, namespace: str, name: str) -> set[str]:
        """Return the names of the pods that carry the election's label."""
        pods = self._ask("GET", f"{pod_path(namespace)}?labelSelector={LABEL_PREFIX}{name}")["items"]
        return {pod["metadata"]["name"] for pod in pods}

    def label_pod(self, namespace: str, name: str, labels: dict[str, str]) -> None:
        """Put labels onto a pod by hand."""
        self._edit(pod_path(namespace, name), lambda body: body["metadata"].setdefault("labels", {}).update(labels))

    def pod_labels(self, namespace: str, name: str) -> dict[str, str]:
        """Return the labels of a pod."""
        labels: dict[str, str] = self._ask("GET", pod_path(namespace, name))["metadata"].get("labels", {})
        return labels

    def lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        """Return a Lease, None where it is absent."""
        return self._found(lease_path(namespace, name))

    def make_lease(self, namespace: str, name: str) -> None:
        """Make an unheld Lease by hand."""
        self._ask("POST", lease_path(namespace), {"metadata": {"name": name}})

    def lead(self, namespace: str, name: str, pod: str, pod_uid: str, token: int, *, lease_s: int = LEASE_S) -> int:
        """Write a Lease as the sidecar of a pod would in its term. Returns: the resourceVersion."""
        body = self._ask("GET", lease_path(namespace, name))
        spec = body.get("spec") or {}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        holder = f"{pod}_{pod_uid}_0123456789abcdef"
        if spec.get("holderIdentity") != holder:
            spec |= {
                "acquireTime": "2026-11-28T10:00:00.000000Z",
                "leaseTransitions": spec.get("leaseTransitions", 0) + 1,
            }
        body["spec"] = {**spec, "holderIdentity": holder, "leaseDurationSeconds": lease_s, "renewTime": now}
        body["metadata"].setdefault("annotations", {})[TOKEN_ANNOTATION] = str(token)
        return int(self._ask("PUT", lease_path(namespace, name), body)["metadata"]["resourceVersion"])

    def release(self, namespace: str, name: str) -> None:
        """Write a Lease as a sidecar that gives it back."""
        body = self._ask("GET", lease_path(namespace, name))
        body["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
        self._ask("PUT", lease_path(namespace, name), body)

    def edit_lease(self, namespace: str, name: str, *, annotations: dict[str, str] | None = None, **spec: Any) -> None:
        """Write over a Lease by hand."""
        body = self._ask("GET", lease_path(namespace, name))
        body["spec"] |= spec
        body["metadata"].setdefault("annotations", {}).update(annotations or {})
        self._ask("PUT", lease_path(namespace, name), body)

    def delete_lease(self, namespace: str, name: str) -> None:
        """Delete a Lease."""
        self._ask("DELETE", lease_path(namespace, name))

    def overwrite_status(self, namespace: str, name: str, status: dict[str, Any]) -> None:
        """Write a status as an operator of an earlier time might."""
        self._edit(resource_path((namespace, name)), lambda body: body.update(status=status), part="/status")

    def make_role(self, namespace: str, name: str) -> dict[str, Any]:
        """Make a Role by hand."""
        made: dict[str, Any] = self._ask("POST", role_path(namespace), {"metadata": {"name": name}, "rules": []})
        return made

    def role(self, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the Role of an election."""
        return self._found(role_path(namespace, f"{name}-leader-election"))

    def accounts(self, namespace: str, name: str) -> list[str] | None:
        """Return the accounts that may stand, None where there is no RoleBinding."""
        found = self._found(binding_path(namespace, f"{name}-leader-election"))
        return None if found is None else [subject["name"] for subject in found.get("subjects") or []]

    def edit_accounts(self, namespace: str, name: str, accounts: Sequence[str]) -> None:
        """Let other accounts stand, past the operator."""
        subjects = [{"kind": "ServiceAccount", "name": one, "namespace": namespace} for one in accounts]
        path = binding_path(namespace, f"{name}-leader-election")
        self._edit(path, lambda body: body.update(subjects=subjects))

    def service(self, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the Service of an election."""
        return self._found(service_path(namespace, f"{name}-leader"))

    def _may(self, verb: str, resource: str) -> bool:
        attributes = {"verb": verb, "group": "rbac.authorization.k8s.io", "resource": resource, "namespace": "default"}
        spec = {"user": f"system:serviceaccount:{OPERATORS}:{ACCOUNT}", "resourceAttributes": attributes}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return bool(self._ask("POST", path, {"spec": spec})["status"]["allowed"])

    def _served(self) -> bool:
        try:
            self._ask("GET", f"/apis/leader-sidecar.io/v1alpha1/{PLURAL}")
        except RestError:
            return False
        return True

    def _found(self, path: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._ask("GET", path)
        except RestError as error:
            if error.status != 404:
                raise
            return None
        return found

    def _edit(self, path: str, change: Callable[[dict[str, Any]], object], part: str = "") -> None:
        edit(self._ask, path, change, 10.0, part)

    def _make(self, path: str, body: dict[str, Any]) -> None:
        try:
            self._ask("POST", path, body)
        except RestError as error:
            if error.status != 409:
                raise
