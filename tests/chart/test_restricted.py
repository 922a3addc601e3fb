"""Every pod meets Pod Security `restricted`, and no container but the sidecar can read its token."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.helm import Helm, pods
from chart.restricted import restricted_faults

MANIFESTS = Path(__file__).parents[2] / "manifests"
PLAIN = {"sidecar__plainContainer": True}
KINDS = [
    "Deployment/payouts-housekeeping-demo",
    "Job/payouts-housekeeping-demo-job-1",
    "Pod/payouts-housekeeping-demo-one-leader",
]


def of_manifest(name: str) -> dict[str, dict[str, Any]]:
    return pods([one for one in yaml.safe_load_all((MANIFESTS / name).read_text()) if one])


@pytest.mark.parametrize("values", [{}, PLAIN], ids=["native", "plain"])
def test_every_pod_of_the_chart_meets_the_standard(helm: Helm, values: dict[str, Any]) -> None:
    found = pods(helm.render(job__enabled=True, **values))
    assert set(KINDS) <= set(found)
    assert {name: restricted_faults(spec) for name, spec in found.items()} == {name: [] for name in found}


@pytest.mark.parametrize("name", ["housekeeping-demo.yaml", "pod-with-sidecar.yaml"])
def test_every_pod_of_the_manifests_meets_the_standard(name: str) -> None:
    found = of_manifest(name)
    assert found
    assert {name: restricted_faults(spec) for name, spec in found.items()} == {name: [] for name in found}


def test_the_namespace_of_the_manifests_enforces_the_standard() -> None:
    (namespace,) = yaml.safe_load_all((MANIFESTS / "00-namespace.yaml").read_text())
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def assert_token_is_the_sidecars_alone(spec: dict[str, Any]) -> None:
    assert spec["automountServiceAccountToken"] is False
    assert not spec.get("shareProcessNamespace"), "the app would reach the sidecar's files by /proc"
    secret = [
        volume["name"]
        for volume in spec.get("volumes") or []
        if "secret" in volume
        or any("serviceAccountToken" in one for one in volume.get("projected", {}).get("sources", []))
    ]
    readers = [
        one["name"] for one in containers(spec) for mount in one.get("volumeMounts") or [] if mount["name"] in secret
    ]
    assert readers == ["leader-sidecar"] * len(secret)


@pytest.mark.parametrize("values", [{}, PLAIN], ids=["native", "plain"])
def test_no_container_but_the_sidecar_has_a_token(helm: Helm, values: dict[str, Any]) -> None:
    objects = helm.render(job__enabled=True, **values)
    for spec in pods(objects).values():
        assert_token_is_the_sidecars_alone(spec)
    accounts = [one for one in objects if one["kind"] == "ServiceAccount"]
    assert [one["automountServiceAccountToken"] for one in accounts] == [False]


def test_the_pod_that_people_copy_keeps_its_token_from_the_app() -> None:
    (spec,) = of_manifest("pod-with-sidecar.yaml").values()
    assert_token_is_the_sidecars_alone(spec)
    assert len(containers(spec)[0]["volumeMounts"]) == 1


WRONG: dict[str, Any] = {
    "hostNetwork": {"hostNetwork": True},
    "hostPID": {"hostPID": True},
    "volumes[host].hostPath": {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]},
    "securityContext.runAsUser": {"securityContext": {"runAsNonRoot": True, "runAsUser": 0}},
    "securityContext.sysctls[kernel.msgmax]": {
        "securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}
    },
}
WRONG_CONTAINER: dict[str, Any] = {
    "privileged": {"privileged": True},
    "allowPrivilegeEscalation": {"allowPrivilegeEscalation": None},
    "capabilities.drop": {"capabilities": {"drop": ["CHOWN"]}},
    "capabilities.add": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
    "runAsNonRoot": {"runAsNonRoot": False},
    "runAsUser": {"runAsUser": 0},
    "seccompProfile": {"seccompProfile": {"type": "Unconfined"}},
    "appArmorProfile": {"appArmorProfile": {"type": "Unconfined"}},
    "seLinuxOptions": {"seLinuxOptions": {"type": "spc_t"}},
    "procMount": {"procMount": "Unmasked"},
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_with_a_pod_would_be_noticed(field: str) -> None:
    (spec,) = of_manifest("pod-with-sidecar.yaml").values()
    assert field in restricted_faults({**spec, **WRONG[field]})


@pytest.mark.parametrize("field", WRONG_CONTAINER)
def test_what_is_wrong_with_a_container_would_be_noticed(field: str) -> None:
    (found,) = of_manifest("pod-with-sidecar.yaml").values()
    spec = copy.deepcopy(found)
    context = spec["initContainers"][0]["securityContext"]
    context |= WRONG_CONTAINER[field]
    assert f"initContainers[leader-sidecar].securityContext.{field}" in restricted_faults(spec)
