"""What the charts make beside the pod: rights, the Lease, and what is optional."""

from __future__ import annotations

from typing import Any

import pytest

from chart.helm import Helm, Objects, of_kind

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
    (deployment,) = of_kind(objects, "Deployment")
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
    "Job": {"job__enabled": True},
}


@pytest.mark.parametrize("kind", OPTIONAL)
def test_what_is_optional_is_there_where_it_is_asked_for(helm: Helm, kind: str) -> None:
    assert of_kind(helm.render(), kind) == []
    assert len(of_kind(helm.render(**OPTIONAL[kind]), kind)) == 1


def test_the_policy_lets_in_scrapes_and_out_the_api_server_and_names(helm: Helm) -> None:
    (policy,) = of_kind(helm.render(networkPolicy__enabled=True), "NetworkPolicy")
    assert [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]] == [8081]
    assert {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]} == {53, 443, 6443}


def test_the_monitor_selects_the_pods_and_their_port(helm: Helm) -> None:
    objects = helm.render(sidecar__podMonitor__enabled=True)
    (monitor,) = of_kind(objects, "PodMonitor")
    (deployment,) = of_kind(objects, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "leader-probes"


def test_the_alerts_ask_for_metrics_that_the_sidecar_has(helm: Helm) -> None:
    (rule,) = of_kind(helm.render(sidecar__prometheusRule__enabled=True), "PrometheusRule")
    alerts = [one for group in rule["spec"]["groups"] for one in group["rules"]]
    assert len(alerts) >= 3
    known = ("leader_election_master_status", "leader_sidecar_transitions_total", "leader_sidecar_requests_total")
    assert all(any(name in one["expr"] for name in known) for one in alerts)


def test_spread_is_over_the_pods_of_this_release(helm: Helm) -> None:
    (deployment,) = of_kind(
        helm.render(topologySpreadConstraints=[{"topologyKey": "kubernetes.io/hostname"}]), "Deployment"
    )
    (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"]["matchLabels"] == deployment["spec"]["selector"]["matchLabels"]


def test_an_upgrade_changes_nothing_that_cannot_be_changed(helm: Helm) -> None:
    (one,) = of_kind(helm.render(), "Deployment")
    (other,) = of_kind(helm.render(podLabels={"a": "b"}, sidecar__labels={"c": "d"}, image__tag="9"), "Deployment")
    assert one["spec"]["selector"] == other["spec"]["selector"]
