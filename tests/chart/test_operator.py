"""The operator's chart: what is rendered is taken, meets the restricted standard, and grants what the files say."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chart.helm import CHARTS, Helm, Objects, find_helm, of_kind, pods
from chart.restricted import restricted_faults
from chart.test_made_files import tool
from chart.test_schemas import VERSIONS
from cluster.apiserver import ApiServer

CHART = CHARTS / "leader-sidecar-operator"
CRD = "leaderelections.leader-sidecar.io"


def test_schema_readme_and_versions_are_as_they_would_be_made_anew() -> None:
    done = tool("chart_docs.py", "--verify", str(CHART))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_that_versions_api_takes(helm4: Helm, version: str) -> None:
    for one in helm4.render(chart=CHART, kube_version=f"{version}.0", priorityClassName="high"):
        kubernetes_validate.validate(one, version, strict=True)


def in_order(objects: Objects) -> Objects:
    """Sort objects: each helm has an order of its own for kinds that it does not know."""
    return sorted(objects, key=lambda one: (one["kind"], one["metadata"]["name"]))


def test_both_helms_render_the_same() -> None:
    programs = [find_helm(name) for name in ("helm", "helm3")]
    if None in programs:
        pytest.skip("needs both helms: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools")
    one, other = (Helm(str(program)).render(chart=CHART, podMonitor__enabled=True) for program in programs)
    assert in_order(one) == in_order(other)


def test_two_pods_that_meet_the_restricted_standard_and_are_drained_one_by_one(helm: Helm) -> None:
    objects = helm.render(chart=CHART)
    (deployment,) = of_kind(objects, "Deployment")
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert deployment["spec"]["replicas"] == 2
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"]["matchLabels"] == deployment["spec"]["selector"]["matchLabels"]
    assert {name: restricted_faults(spec) for name, spec in pods(objects).items()} == {
        "Deployment/payouts-leader-sidecar-operator": []
    }


def test_pods_stand_for_the_lease_that_the_chart_makes_and_keeps(helm: Helm) -> None:
    objects = helm.render(chart=CHART)
    (lease,) = of_kind(objects, "Lease")
    (spec,) = pods(objects).values()
    assert f"--election={lease['metadata']['name']}" in spec["containers"][0]["args"]
    assert lease["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert "spec" not in lease


def test_the_resource_is_kept_at_uninstall_and_left_out_where_others_bring_it(helm: Helm) -> None:
    (definition,) = of_kind(helm.render(chart=CHART), "CustomResourceDefinition")
    assert definition == yaml.safe_load((CHART / "files" / "leaderelections.yaml").read_text())
    assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert of_kind(helm.render(chart=CHART, crd__create=False), "CustomResourceDefinition") == []


def test_rights_are_those_of_the_file_and_reach_neither_secrets_nor_everything(helm: Helm) -> None:
    (role,) = of_kind(helm.render(chart=CHART, injection__by="policy"), "ClusterRole")
    assert role["rules"] == yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
    resources = {resource for rule in role["rules"] for resource in rule["resources"]}
    verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
    assert not {"secrets", "*"} & resources
    assert not {"*", "escalate", "bind", "impersonate", "deletecollection"} & verbs
    leases = {verb for rule in role["rules"] if "leases" in rule["resources"] for verb in rule["verbs"]}
    assert not {"delete", "patch"} & leases


def test_a_value_that_does_not_exist_is_refused(helm: Helm) -> None:
    done = helm.template(CHART, "1.37.0", {"replicas": 3})
    assert done.returncode != 0
    assert "replicas" in done.stderr


@pytest.mark.apiserver
def test_install_upgrade_and_uninstall_keep_every_election(apiserver: ApiServer, tmp_path: Path) -> None:
    kubeconfig = apiserver.kubeconfig_with_certificate(tmp_path / "kubeconfig")

    def run(program: str, *arguments: str) -> str:
        found = find_helm(program)
        assert found, f"no {program}: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools"
        command = [found, "--kubeconfig", str(kubeconfig), "--namespace", "charts-operator", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    if CRD in run("kubectl", "get", "crd", "-o", "name"):
        run("kubectl", "delete", "crd", CRD)  # another test's, which no release owns
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apiserver.admin.request("POST", "/api/v1/namespaces", {"metadata": {"name": "charts-operator", "labels": labels}})
    notes = run("helm", "install", "elections", str(CHART))
    (command,) = [line.strip() for line in notes.splitlines() if "kubectl apply" in line]
    run("kubectl", "wait", "--for=condition=Established", f"crd/{CRD}")
    made: dict[str, Any] = yaml.safe_load(command.partition("'")[2].partition("'")[0])
    file = tmp_path / "election.yaml"
    file.write_text(yaml.safe_dump(made))
    run("kubectl", "apply", "-f", str(file))
    run("helm", "upgrade", "elections", str(CHART), "--set", "logLevel=debug")
    run("helm", "uninstall", "elections")
    assert run("kubectl", "get", "leaderelections", "-o", "name").split() == [
        "leaderelection.leader-sidecar.io/payouts"
    ]
    left = run("kubectl", "get", "role,rolebinding,deployment,pdb,serviceaccount,lease", "-o", "name").split()
    assert left == ["lease.coordination.k8s.io/elections-leader-sidecar-operator"]
    run("helm", "install", "elections", str(CHART))
    run("helm", "uninstall", "elections")
