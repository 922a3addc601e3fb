"""Three lines add the sidecar to any Deployment: shown on the chart that `helm create` makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.helm import DEMO, Helm, Objects, app, of_kind, pod_spec, sidecar
from chart.library import make_chart, use_library
from chart.restricted import restricted_faults

CONTAINER = '{{- include "leader-sidecar.container" . | nindent 8 }}'
VOLUME = '{{- include "leader-sidecar.volume" . | nindent 8 }}'
OBJECTS = '{{ include "leader-sidecar.objects" . }}'
RESTRICTED = {
    "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


def add_to_deployment(chart: Path) -> None:
    """Do what the README's diff does to a Deployment."""
    file = chart / "templates" / "deployment.yaml"
    head, containers, tail = file.read_text().partition("      containers:\n")
    added = f"      automountServiceAccountToken: false\n      initContainers:\n        {CONTAINER}\n"
    without_volumes, condition, rest = tail.partition("      {{- with .Values.volumes }}\n")
    assert containers
    assert condition
    volumes = f"      volumes:\n        {VOLUME}\n"
    file.write_text(head + added + containers + without_volumes + volumes + rest.partition("      {{- end }}\n")[2])
    (chart / "templates" / "leader-election.yaml").write_text(OBJECTS + "\n")


@pytest.fixture
def created(helm: Helm, tmp_path: Path) -> Path:
    """A chart as `helm create` makes it, with the three lines."""
    chart = tmp_path / "my-app"
    assert helm.run("create", str(chart)).returncode == 0
    add_to_deployment(use_library(chart))
    return chart


def test_three_lines_add_the_sidecar_to_a_created_chart(helm: Helm, created: Path) -> None:
    objects = helm.render(chart=created)
    assert len(of_kind(objects, "Lease")) == len(of_kind(objects, "Role")) == len(of_kind(objects, "RoleBinding")) == 1
    spec = pod_spec(objects)
    assert spec["initContainers"] == [sidecar(objects)]
    assert [one["name"] for one in spec["containers"]] == ["my-app"]
    assert [one["name"] for one in spec["volumes"]] == ["leader-sidecar-token"]


def test_the_sidecar_is_the_same_in_every_chart(helm: Helm, created: Path) -> None:
    assert sidecar(helm.render(chart=created)) == sidecar(helm.render(chart=DEMO))


def test_the_rights_go_to_the_account_that_the_created_chart_makes(helm: Helm, created: Path) -> None:
    for values in ({}, {"serviceAccount__name": "payer"}, {"nameOverride": "other"}, {"fullnameOverride": "whole"}):
        objects = helm.render(chart=created, **values)
        (account,) = of_kind(objects, "ServiceAccount")
        (binding,) = of_kind(objects, "RoleBinding")
        assert binding["subjects"][0]["name"] == account["metadata"]["name"] == pod_spec(objects)["serviceAccountName"]


def test_the_created_chart_can_meet_the_restricted_standard(helm: Helm, created: Path) -> None:
    assert restricted_faults(pod_spec(helm.render(chart=created, **RESTRICTED))) == []


def test_the_created_chart_passes_lint(helm: Helm, created: Path) -> None:
    done = helm.run("lint", "--strict", str(created))
    assert done.returncode == 0, done.stdout + done.stderr


def of_template(helm: Helm, folder: Path, template: str, *sets: str) -> Objects:
    done = helm.run("template", "payouts", str(make_chart(folder, template)), "--namespace", "pay", *sets)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def test_each_template_stands_alone(helm: Helm, tmp_path: Path) -> None:
    (lease,) = of_template(helm, tmp_path / "lease", '{{ include "leader-sidecar.lease" . }}')
    role, binding = of_template(helm, tmp_path / "rbac", '{{ include "leader-sidecar.rbac" . }}')
    assert (lease["kind"], role["kind"], binding["kind"]) == ("Lease", "Role", "RoleBinding")
    (rest,) = of_template(helm, tmp_path / "env", 'env: {{- include "leader-sidecar.env" . | nindent 2 }}')
    assert rest["env"] == [{"name": "LEADER_URL", "value": "http://localhost:8080"}]


def test_lease_and_rights_can_be_left_to_somebody_else(helm: Helm) -> None:
    objects = helm.render(sidecar__lease__create=False, sidecar__rbac__create=False)
    assert {one["kind"] for one in objects} & {"Lease", "Role", "RoleBinding"} == set()


SECOND = """
{{- $second := dict "root" $ "values" (dict "election" "purge" "createLease" true) }}
{{- include "leader-sidecar.objects" $second }}
---
containers:
  {{- include "leader-sidecar.container" $second | nindent 2 }}
"""


def test_a_second_sidecar_has_values_of_its_own(helm: Helm, tmp_path: Path) -> None:
    objects = of_template(helm, tmp_path, SECOND, "--set", "leader-sidecar.leaseDuration=30s")
    found = {one.get("kind", "pod"): one for one in objects}
    (container,) = found["pod"]["containers"]
    assert found["Lease"]["metadata"]["name"] == "purge"
    assert found["Role"]["rules"][0]["resourceNames"] == ["purge"]
    assert container["args"] == ["run", "--election=purge", "--create-lease=true", "--lease-duration=30s"]


def test_a_misspelt_value_of_a_second_sidecar_is_refused_too(helm: Helm, tmp_path: Path) -> None:
    chart = make_chart(tmp_path, SECOND.replace('"createLease"', '"createlease"'))
    done = helm.run("template", "payouts", str(chart))
    assert done.returncode != 0
    assert "no value is named createlease" in done.stderr


def test_the_pod_that_people_copy_has_the_sidecar_of_the_chart(helm4: Helm) -> None:
    file = Path(__file__).parents[2] / "manifests" / "pod-with-sidecar.yaml"
    written = {one["kind"]: one for one in yaml.safe_load_all(file.read_text())}
    objects = helm4.render(sidecar__election="payouts")
    rendered: dict[str, Any] = {one["kind"]: one for one in objects if one["kind"] != "Deployment"}
    ours = sidecar(objects)
    left_out = {"imagePullPolicy", "terminationMessagePolicy"}
    spec = written["Pod"]["spec"]
    assert spec["initContainers"] == [{key: value for key, value in ours.items() if key not in left_out}]
    assert spec["volumes"] == pod_spec(objects)["volumes"]
    assert written["Role"]["rules"] == rendered["Role"]["rules"]
    assert "spec" not in written["Lease"]


def test_a_pod_comes_after_the_account_that_it_runs_as(helm4: Helm) -> None:
    """kubectl applies a file from top to bottom, and the API refuses a pod whose account does not exist."""
    file = Path(__file__).parents[2] / "manifests" / "pod-with-sidecar.yaml"
    kinds = [one["kind"] for one in yaml.safe_load_all(file.read_text())]
    assert kinds.index("ServiceAccount") < kinds.index("Pod")


USUAL = (
    "replicaCount", "image.repository", "image.tag", "image.pullPolicy", "imagePullSecrets", "nameOverride",
    "fullnameOverride", "serviceAccount.create", "serviceAccount.name", "serviceAccount.annotations", "podAnnotations",
    "podLabels", "podSecurityContext", "securityContext", "resources", "nodeSelector", "tolerations", "affinity",
)  # fmt: skip


def test_values_have_the_names_that_helm_itself_gives_them(helm: Helm, created: Path) -> None:
    usual = yaml.safe_load((created / "values.yaml").read_text())
    ours = yaml.safe_load((DEMO / "values.yaml").read_text())
    for path in USUAL:
        one, other = usual, ours
        for name in path.split("."):
            assert name in one, f"helm create no longer makes {path}"
            assert name in other, path
            one, other = one[name], other[name]


def test_the_demo_is_a_deployment_of_three_with_a_helm_test(helm: Helm) -> None:
    objects = helm.render()
    assert app(objects)["spec"]["replicas"] == 3
    (test,) = [one for one in of_kind(objects, "Pod") if one["metadata"]["annotations"].get("helm.sh/hook") == "test"]
    assert test["spec"]["restartPolicy"] == "Never"
    (service,) = [one for one in of_kind(objects, "Service") if one["metadata"]["name"].endswith("-probes")]
    host, port = test["spec"]["containers"][0]["args"]
    assert host == f"{service['metadata']['name']}.pay"
    assert int(port) == service["spec"]["ports"][0]["port"]
    labels = app(objects)["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
