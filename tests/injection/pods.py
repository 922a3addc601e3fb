"""Owns pods, and the rendered template that is put into them, as the tests of injection need them."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
from hypothesis import HealthCheck, settings

from leader_sidecar.operator.injection.asked import Faults
from leader_sidecar.operator.injection.patch import Patch, Skipped, patch_pod
from leader_sidecar.operator.injection.template import Template

OWN_NAMESPACE = "leader-sidecar"
UNHURRIED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
"""How long a search takes says nothing here: the machine may be busy."""
INJECT = "leader-sidecar.io/inject"
ELECTION = {
    "leaseDuration": "30s",
    "renewDeadline": "20s",
    "renewInterval": "7500ms",
    "retryPeriod": "2s",
    "stopMargin": "3s",
    "maxDrift": 0.000001,
    "serviceAccounts": ["payouts"],
    "leaderLabel": True,
}
"""The spec of a LeaderElection in which no timing is the default."""

# What the chart renders with its defaults; tests/chart/test_injection.py compares.
RENDERED: dict[str, Any] = {
    "container": {
        "name": "leader-sidecar",
        "image": "ghcr.io/leader-sidecar/leader-sidecar:0.2.0",
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "args": ["run", "--election=set-by-the-operator"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
        ],
        "ports": [{"name": "leader-probes", "containerPort": 8081}],
        "livenessProbe": {
            "httpGet": {"path": "/livez", "port": "leader-probes"},
            "failureThreshold": 3,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        },
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "leader-probes"},
            "failureThreshold": 3,
            "periodSeconds": 5,
            "timeoutSeconds": 2,
        },
        "startupProbe": {
            "httpGet": {"path": "/livez", "port": "leader-probes"},
            "failureThreshold": 60,
            "periodSeconds": 1,
            "timeoutSeconds": 2,
        },
        "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "10m", "memory": "48Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {
                "name": "leader-sidecar-token",
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "readOnly": True,
            }
        ],
    },
    "volume": {
        "name": "leader-sidecar-token",
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
            ]
        },
    },
    "env": {"name": "LEADER_URL", "value": "http://localhost:8080"},
}
TEMPLATE = Template.of(RENDERED)


def make_pod(label: str | None = "true", *, election: str | None = "payouts", **annotations: str) -> dict[str, Any]:
    """Make a pod of one container.

    Args:
        label: of injection; None for none.
        election, annotations: of ours, with `_` for `-`.
    """
    given = annotations if election is None or label != "true" else {"election": election, **annotations}
    metadata: dict[str, Any] = {"name": "payouts-0", "namespace": "pay"}
    if label is not None:
        metadata["labels"] = {INJECT: label}
    if given:
        metadata["annotations"] = {
            f"leader-sidecar.io/{name.replace('_', '-')}": value for name, value in given.items()
        }
    return {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": "your-app"}]}}


def decide(
    pod: dict[str, Any], election: dict[str, Any] | None = None, template: Template = TEMPLATE
) -> Patch | Skipped | Faults:
    """Let the rules decide on a pod, and see that they left it as it was."""
    before = copy.deepcopy(pod)
    outcome = patch_pod(pod, pod["metadata"]["namespace"], template, election, OWN_NAMESPACE)
    assert pod == before
    return outcome


def inject(
    pod: dict[str, Any], election: dict[str, Any] | None = None, template: Template = TEMPLATE
) -> dict[str, Any]:
    """Return the pod with the patch applied, as an API server would."""
    outcome = decide(pod, election, template)
    assert isinstance(outcome, Patch), outcome
    return dict(jsonpatch.apply_patch(pod, list(outcome.operations)))


def refusal(pod: dict[str, Any], election: dict[str, Any] | None = None) -> tuple[str, ...]:
    """Return the sentences that say why the pod cannot have what it asks for."""
    outcome = decide(pod, election)
    assert isinstance(outcome, Faults), outcome
    return outcome.sentences


def sidecar_of(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the sidecar's container, wherever it stands."""
    spec = pod["spec"]
    (found,) = [
        one for one in [*spec.get("initContainers", []), *spec["containers"]] if one["name"] == "leader-sidecar"
    ]
    return dict(found)
