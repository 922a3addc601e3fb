"""Owns the operator's chart as injection's tests need it: rendered by helm, and put into a real API server."""

from __future__ import annotations

import json
import time
from typing import Any

from chart.helm import CHARTS, Helm, Objects, find_helm, of_kind
from cluster.apiserver import ApiServer
from cluster.rest import RestError

CHART = CHARTS / "leader-sidecar-operator"
NAMESPACE = "pay"  # of the release, as chart.helm renders it
_PATHS = {
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
    "Secret": "/api/v1/namespaces/{namespace}/secrets",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
    "MutatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
}


def render(**values: Any) -> Objects:
    """Render the chart with helm 4."""
    program = find_helm("helm")
    assert program, "no helm: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools"
    return Helm(program).render(chart=CHART, **values)


def configuration_of(objects: Objects) -> dict[str, Any]:
    """Return what the operator would read of injection."""
    (found,) = [one for one in of_kind(objects, "ConfigMap") if "injection.json" in one["data"]]
    return dict(json.loads(found["data"]["injection.json"]))


def path_of(one: dict[str, Any]) -> str:
    """Return the path of an object's collection."""
    return _PATHS[one["kind"]].format(namespace=one["metadata"].get("namespace", ""))


def put(api: ApiServer, one: dict[str, Any]) -> None:
    """Make an object, or write it anew."""
    try:
        api.admin.request("POST", path_of(one), one)
    except RestError as error:
        if error.status != 409:
            raise
        path = f"{path_of(one)}/{one['metadata']['name']}"
        version = api.admin.request("GET", path)["metadata"]["resourceVersion"]
        api.admin.request("PUT", path, {**one, "metadata": {**one["metadata"], "resourceVersion": version}})


def remove(api: ApiServer, one: dict[str, Any]) -> None:
    """Delete an object; one that is gone already is gone."""
    try:
        api.admin.request("DELETE", f"{path_of(one)}/{one['metadata']['name']}")
    except RestError as error:
        if error.status != 404:
            raise


def define_elections(api: ApiServer, objects: Objects, namespace: str, elections: dict[str, dict[str, Any]]) -> None:
    """Put the resource LeaderElection into the API server, and some of it; other tests may need the resource too."""
    (definition,) = of_kind(objects, "CustomResourceDefinition")
    put(api, definition)
    for name, spec in elections.items():
        body = {"apiVersion": "leader-sidecar.io/v1alpha1", "kind": "LeaderElection"}
        body |= {"metadata": {"name": name}, "spec": spec}
        deadline_s = time.monotonic() + 30.0
        while True:
            try:
                api.admin.request("POST", elections_path(namespace), body)
                break
            except RestError as error:
                # It takes a moment to learn what that is.
                if error.status != 404 or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)


def elections_path(namespace: str) -> str:
    """Return the path of a namespace's LeaderElections; a DELETE there takes them all away."""
    return f"/apis/leader-sidecar.io/v1alpha1/namespaces/{namespace}/leaderelections"
