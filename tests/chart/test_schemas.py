"""What is rendered is what the API of each version takes; made files are as they would be made anew; helms agree."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chart.helm import Helm, find_helm
from cluster.apiserver import ApiServer

ROOT = Path(__file__).parents[2]
VERSIONS = [f"1.{minor}" for minor in range(29, 38)]
ALL: dict[str, Any] = {
    "podDisruptionBudget__enabled": True,
    "networkPolicy__enabled": True,
    "job__enabled": True,
    "sidecar__createLease": True,
    "sidecar__dashboard__enabled": True,
    "sidecar__readyWhenLeader": True,
    "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}],
    "imagePullSecrets": [{"name": "registry"}],
    "priorityClassName": "high",
    "tolerations": [{"operator": "Exists"}],
    "nodeSelector": {"disk": "ssd"},
}
VARIANTS: list[dict[str, Any]] = [{}, {"sidecar__plainContainer": True}, ALL]
MONITORED: dict[str, Any] = {
    # Their schemas are not the API's own.
    "sidecar__podMonitor__enabled": True,
    "sidecar__prometheusRule__enabled": True,
    "sidecar__election": "payouts, other/reports",
    "sidecar__maxDrift": 0.01,
    "sidecar__tokenFloor": 9007199254740991,
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_that_versions_api_takes(helm4: Helm, version: str) -> None:
    for values in VARIANTS:
        for one in helm4.render(kube_version=f"{version}.0", **values):
            kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["00-namespace.yaml", "housekeeping-demo.yaml", "pod-with-sidecar.yaml"])
def test_every_manifest_is_what_that_versions_api_takes(name: str, version: str) -> None:
    objects = [one for one in yaml.safe_load_all((ROOT / "manifests" / name).read_text()) if one]
    assert objects
    for one in objects:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_wrong_field_would_be_noticed(helm4: Helm) -> None:
    (lease,) = [one for one in helm4.render() if one["kind"] == "Lease"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**lease, "spek": {}}, "1.37", strict=True)


def test_an_older_kubernetes_is_refused(helm: Helm) -> None:
    with pytest.raises(AssertionError, match=r"1\.28"):
        helm.render(kube_version="1.28.0")


@pytest.mark.parametrize("values", [*VARIANTS, MONITORED])
def test_helm_3_and_helm_4_render_the_same(values: dict[str, Any]) -> None:
    programs = [find_helm(name) for name in ("helm", "helm3")]
    if None in programs:
        pytest.skip("needs both helms: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools")
    one, other = (Helm(str(program)).render(**values) for program in programs)
    assert one == other


@pytest.mark.apiserver
def test_a_real_api_server_takes_every_object(apiserver: ApiServer, tmp_path: Path) -> None:
    programs = find_helm("helm")
    assert programs, "no helm: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools"
    kubeconfig = apiserver.kubeconfig_with_certificate(tmp_path / "kubeconfig")
    apiserver.make_namespace("pay")
    apiserver.make_service_account("pay", "default")  # there is no controller that would
    for number, values in enumerate(VARIANTS):
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml.safe_dump_all(Helm(programs).render(**values)))
        command = [
            str(find_helm("kubectl")),
            "--kubeconfig",
            str(kubeconfig),
            "apply",
            "--dry-run=server",
            "-f",
            str(file),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("created") >= 6
