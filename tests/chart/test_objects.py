"""What the charts make beside the pod: rights, the Lease, and what is optional."""

from __future__ import annotations

from typing import Any

import pytest

from chart.helm import Helm, Objects, app, of_kind

ON_THE_LEASE = {
    "apiGroups": ["coordination.k8s.io"],
    "resources": ["leases"],
    "resourceNames": ["payouts"],
    "verbs": ["get", "update", "watch"],
}
TO_CREATE = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]}
TO_TELL = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]}


def rules(objects: Objects) -> list[dict[str, Any]]:
    (role,) = of_kind(objects, "Role")
    return list(role["rules"])


def test_the_role_is_get_update_watch_of_one_name(helm: Helm) -> None:
    assert rules(helm.render(sidecar__events=False)) == [ON_THE_LEASE]


def test_create_and_events_are_granted_only_where_they_are_on(helm: Helm) -> None:
    assert rules(helm.render()) == [ON_THE_LEASE, TO_TELL]
    assert rules(helm.render(sidecar__createLease=True)) == [ON_THE_LEASE, TO_CREATE, TO_TELL]


def test_the_role_is_bound_to_the_pods_account_alone(helm: Helm) -> None:
    objects = helm.render()
    (binding,) = of_kind(objects, "RoleBinding")
    (role,) = of_kind(objects, "Role")
    deployment = app(objects)
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "pay"}]
    assert account != "default"


def test_the_lease_is_metadata_alone_and_outlives_the_release(helm: Helm) -> None:
    (lease,) = of_kind(helm.render(), "Lease")
    assert lease["metadata"]["name"] == "payouts"
    assert lease["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert "spec" not in lease


def test_several_elections_each_have_a_lease_and_rights_in_their_namespace(helm: Helm) -> None:
    objects = helm.render(sidecar__election="payouts, other/reports")
    places = [("pay", "payouts"), ("other", "reports")]
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in of_kind(objects, "Lease")] == places
    assert [
        (one["metadata"]["namespace"], one["rules"][0]["resourceNames"][0]) for one in of_kind(objects, "Role")
    ] == places
    assert [one["subjects"][0]["namespace"] for one in of_kind(objects, "RoleBinding")] == ["pay", "pay"]


def test_rights_and_lease_can_be_left_to_others(helm: Helm) -> None:
    objects = helm.render(sidecar__rbac__create=False, sidecar__lease__create=False)
    assert not [one for kind in ("Role", "RoleBinding", "Lease") for one in of_kind(objects, kind)]


OPTIONAL = {
    "PodDisruptionBudget": {"podDisruptionBudget__enabled": True},
    "NetworkPolicy": {"networkPolicy__enabled": True},
    "PodMonitor": {"sidecar__podMonitor__enabled": True},
    "PrometheusRule": {"sidecar__prometheusRule__enabled": True},
    "ConfigMap": {"sidecar__dashboard__enabled": True},
    "Job": {"job__enabled": True},
}


@pytest.mark.parametrize("kind", OPTIONAL)
def test_what_is_optional_is_there_where_it_is_asked_for(helm: Helm, kind: str) -> None:
    assert of_kind(helm.render(), kind) == []
    assert len(of_kind(helm.render(**OPTIONAL[kind]), kind)) == 1


def test_the_policy_lets_in_scrapes_and_out_the_api_server_and_names(helm: Helm) -> None:
    (policy,) = of_kind(helm.render(networkPolicy__enabled=True), "NetworkPolicy")
    assert [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]] == [8081]
    assert {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]} == {53, 443, 6443, 8090}


def test_the_monitor_selects_the_pods_and_their_port(helm: Helm) -> None:
    objects = helm.render(sidecar__podMonitor__enabled=True)
    (monitor,) = of_kind(objects, "PodMonitor")
    deployment = app(objects)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "leader-probes"


def test_monitoring_carries_the_labels_that_a_prometheus_selects_by(helm: Helm) -> None:
    for kind, name in (("PodMonitor", "podMonitor"), ("PrometheusRule", "prometheusRule")):
        values = {f"sidecar__{name}__enabled": True, f"sidecar__{name}__labels": {"release": "prometheus"}}
        (one,) = of_kind(helm.render(**values), kind)
        assert one["metadata"]["labels"]["release"] == "prometheus"


def test_a_budget_takes_the_apps_pods_alone(helm: Helm) -> None:
    objects = helm.render(podDisruptionBudget__enabled=True, podDisruptionBudget__maxUnavailable="34%")
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == "34%"
    assert budget["spec"]["selector"]["matchLabels"] == app(objects)["spec"]["selector"]["matchLabels"]


def test_spread_is_over_the_pods_of_this_release(helm: Helm) -> None:
    deployment = app(helm.render(topologySpreadConstraints=[{"topologyKey": "kubernetes.io/hostname"}]))
    (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"]["matchLabels"] == deployment["spec"]["selector"]["matchLabels"]


def test_an_upgrade_changes_nothing_that_cannot_be_changed(helm: Helm) -> None:
    one = app(helm.render())
    other = app(helm.render(podLabels={"a": "b"}, sidecar__labels={"c": "d"}, image__tag="9"))
    assert one["spec"]["selector"] == other["spec"]["selector"]


def test_the_ledger_is_one_pod_that_refuses_older_terms(helm: Helm) -> None:
    (ledger,) = [one for one in of_kind(helm.render(), "Deployment") if one["metadata"]["name"].endswith("-ledger")]
    (container,) = ledger["spec"]["template"]["spec"]["containers"]
    assert ledger["spec"]["replicas"] == 1
    assert ledger["spec"]["strategy"] == {"type": "Recreate"}
    assert "--no-guard" not in container["args"]
    assert ledger["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
    (app_container,) = app(helm.render())["spec"]["template"]["spec"]["containers"]
    (url,) = [one["value"] for one in app_container["env"] if one["name"] == "LEDGER_URL"]
    assert url == f"http://{ledger['metadata']['name']}:8090"


def test_without_a_ledger_the_app_only_says_that_it_leads(helm: Helm) -> None:
    objects = helm.render(ledger__enabled=False)
    assert len(of_kind(objects, "Deployment")) == 1
    assert "LEDGER_URL" not in str(app(objects))
