"""What the operator's chart puts into pods is the library's own container, whoever puts it there."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest

from chart.helm import Helm, find_helm, of_kind, pod_spec, sidecar
from chart.test_operator import CHART, in_order
from chart.test_pod import SETTINGS
from injection.chart import configuration_of
from injection.pods import RENDERED, inject, make_pod, sidecar_of
from leader_sidecar.operator.injection.template import SHARED, Template

BY_NAME = {setting.chart_value: setting for setting in SHARED}
ELSEWHERE: dict[str, Any] = {
    "sidecar__image__digest": "sha256:" + "0" * 64,
    "sidecar__resources": {"limits": {"memory": "80Mi"}},
    "sidecar__logLevel": "debug",
    "sidecar__listen": "localhost:9090",
    "sidecar__maxDrift": 0.04,
    "sidecar__leaseDuration": "20s",
}


def text(value: Any) -> str:
    """Write a value of a chart as an annotation."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_tests_of_injection_put_in_what_the_chart_renders(helm: Helm) -> None:
    configuration = configuration_of(helm.render(chart=CHART))
    assert {part: configuration[part] for part in RENDERED} == RENDERED


@pytest.mark.parametrize("names", [[], ["plainContainer", "listen"], list(SETTINGS)])
def test_annotations_make_the_container_that_values_would_have_made(helm4: Helm, names: list[str]) -> None:
    values = {name: SETTINGS[name] for name in names}
    if "maxDrift" in values:
        values["maxDrift"] = 0.01  # which Python, too, writes without an exponent
    wanted = helm4.render(**{f"sidecar__{name}": value for name, value in values.items()})
    annotations = {BY_NAME[name].key: text(value) for name, value in values.items()}
    annotations["election"] = annotations.get("election", "payouts").replace(" ", "")
    template = Template.of(configuration_of(helm4.render(chart=CHART)))
    pod = inject(make_pod(**annotations), template=template)
    assert sidecar_of(pod) == sidecar(wanted)
    assert pod["spec"]["volumes"] == [one for one in pod_spec(wanted)["volumes"] if "projected" in one]
    where = "containers" if "plainContainer" in names else "initContainers"
    assert sidecar_of(pod) in pod["spec"][where]


def test_values_of_the_operators_chart_are_every_sidecars(helm: Helm) -> None:
    template = Template.of(configuration_of(helm.render(chart=CHART, **ELSEWHERE)))
    assert sidecar_of(inject(make_pod(), template=template)) == sidecar(helm.render(**ELSEWHERE))


def test_the_webhook_is_asked_briefly_and_for_labelled_objects_alone(helm: Helm) -> None:
    (one,) = of_kind(helm.render(chart=CHART), "MutatingWebhookConfiguration")
    assert len(one["webhooks"]) == 2
    for hook in one["webhooks"]:
        assert (hook["timeoutSeconds"], hook["reinvocationPolicy"], hook["sideEffects"]) == (5, "IfNeeded", "None")
        assert hook["objectSelector"]["matchExpressions"] == [{"key": "leader-sidecar.io/inject", "operator": "Exists"}]
        (never,) = hook["namespaceSelector"]["matchExpressions"]
        assert never["values"] == ["kube-system", "pay"]
        assert hook["failurePolicy"] == "Fail"


@pytest.mark.parametrize("by", ["webhook", "policy", "none"])
def test_only_what_injects_is_installed(helm: Helm, by: str) -> None:
    objects = helm.render(chart=CHART, injection__by=by)
    assert bool(of_kind(objects, "MutatingWebhookConfiguration")) == (by == "webhook")
    assert bool(of_kind(objects, "MutatingAdmissionPolicy")) == (by == "policy")
    assert bool(of_kind(objects, "Secret")) == (by == "webhook")
    (deployment,) = of_kind(objects, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert any(one.startswith("--injection=") for one in container["args"]) == (by != "none")


@pytest.mark.parametrize(("failure_policy", "action"), [("Fail", "Deny"), ("Ignore", "Warn")])
def test_the_policies_verdict_follows_failure_policy(helm4: Helm, failure_policy: str, action: str) -> None:
    objects = helm4.render(chart=CHART, injection__by="policy", injection__failurePolicy=failure_policy)
    actions = {
        one["metadata"]["name"].partition(".")[2]: one["spec"]["validationActions"]
        for one in of_kind(objects, "ValidatingAdmissionPolicyBinding")
    }
    assert actions == {"": [action], "skipped": ["Warn"]}
    assert {one["spec"]["failurePolicy"] for one in of_kind(objects, "MutatingAdmissionPolicy")} == {failure_policy}


def test_a_policy_is_refused_where_the_api_has_none(helm: Helm) -> None:
    done = helm.template(CHART, "1.35.0", {"injection.by": "policy"})
    assert done.returncode != 0
    assert "set injection.by to webhook" in done.stderr


@pytest.mark.parametrize("version", ["1.36", "1.37"])
def test_the_policies_are_what_that_versions_api_takes(helm4: Helm, version: str) -> None:
    for one in helm4.render(chart=CHART, kube_version=f"{version}.0", injection__by="policy"):
        kubernetes_validate.validate(one, version, strict=True)


def test_cert_manager_makes_the_certificate_where_it_is_asked_to(helm: Helm) -> None:
    objects = helm.render(chart=CHART, injection__certificate__by="cert-manager")
    (certificate,) = of_kind(objects, "Certificate")
    (issuer,) = of_kind(objects, "Issuer")
    (hook,) = of_kind(objects, "MutatingWebhookConfiguration")
    (service,) = [one for one in of_kind(objects, "Service") if one["metadata"]["name"].endswith("-webhook")]
    assert certificate["spec"]["issuerRef"] == {"kind": "Issuer", "name": issuer["metadata"]["name"]}
    assert certificate["spec"]["dnsNames"] == [f"{service['metadata']['name']}.pay.svc"]
    assert hook["metadata"]["annotations"] == {
        "cert-manager.io/inject-ca-from": f"pay/{certificate['metadata']['name']}"
    }
    (deployment,) = of_kind(objects, "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    mounts = {one["name"]: one["mountPath"] for one in spec["containers"][0]["volumeMounts"]}
    (volume,) = [one for one in spec["volumes"] if "secret" in one]
    assert volume["secret"]["secretName"] == certificate["spec"]["secretName"]
    assert mounts[volume["name"]] == configuration_of(objects)["webhook"]["certificateFolder"]
    assert not of_kind(objects, "Secret")
    assert "secrets" not in {
        name for role in of_kind(objects, "Role") for rule in role["rules"] for name in rule["resources"]
    }


def test_both_helms_render_the_same_policies() -> None:
    programs = [find_helm(name) for name in ("helm", "helm3")]
    if None in programs:
        pytest.skip("needs both helms: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools")
    one, other = (Helm(str(each)).render(chart=CHART, injection__by="policy", **ELSEWHERE) for each in programs)
    assert in_order(one) == in_order(other)
