"""What one running operator makes of LeaderElections, Leases and pods."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chart.helm import find_helm
from cluster.apiserver import ApiServer
from cluster.rest import RestError
from leader_sidecar.operator.resource import LEADS_LABEL
from operators.cluster import ACCOUNT, LEASE_S, OPERATORS, SHORT_LEASE, Cluster, wait_for
from operators.conftest import NAME, START_S
from operators.process import OperatorProcess

pytestmark = pytest.mark.apiserver

SOON_S = 30.0
LAPSE_S = 3.0


@pytest.fixture(scope="module")
def operator(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """Give an operator that acts, to all tests of this file."""
    folder = tmp_path_factory.mktemp("operator")
    election = f"operators-{secrets.token_hex(4)}"
    cluster.new_operators(election)
    kubeconfig = cluster.api.kubeconfig_with_token(folder / "kubeconfig", OPERATORS, ACCOUNT)
    made = OperatorProcess(folder, kubeconfig, election, "operator-0").start()
    wait_for(lambda: made.acts, START_S, "it acts")
    yield made
    assert made.process.end_with(15) == 0
    assert made.events("look_failed") == []


@pytest.fixture
def ready(operator: OperatorProcess, cluster: Cluster, namespace: str) -> str:
    """Give a namespace with an election that is ready. Returns: the namespace."""
    cluster.make_election(namespace, NAME, serviceAccounts=["app"], service={"enabled": True})
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready") == ("True", "Settled"), SOON_S, "it is ready")
    return namespace


def lead(cluster: Cluster, namespace: str, pod: str, uid: str, token: int, lease_s: int = LEASE_S) -> int:
    """Claim and begin a term. Returns: the Lease's resourceVersion."""
    cluster.lead(namespace, NAME, pod, uid, token, lease_s=lease_s)
    return cluster.lead(namespace, NAME, pod, uid, token, lease_s=lease_s)


def labelled(cluster: Cluster, namespace: str, *pods: str, within_s: float = SOON_S) -> None:
    """Wait until these pods, and no others, carry the label."""
    wait_for(lambda: cluster.leaders(namespace, NAME) == set(pods), within_s, f"{pods} carry the label")


def told(cluster: Cluster, namespace: str, **leader: object) -> None:
    """Wait until the status says this of the leader: labels are moved before it is written."""
    wait_for(lambda: leader.items() <= cluster.leader(namespace, NAME).items(), SOON_S, f"the status tells {leader}")


def test_accounts_may_get_update_and_watch_the_one_lease_and_create_events(ready: str, cluster: Cluster) -> None:
    assert cluster.accounts(ready, NAME) == ["app"]
    role = cluster.role(ready, NAME)
    assert role is not None
    assert [(rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in role["rules"]] == [
        (["leases"], [NAME], ["get", "update", "watch"]),
        (["events"], None, ["create"]),
    ]


def test_the_lease_is_made_unheld_and_not_owned_so_that_it_outlives_its_resource(ready: str, cluster: Cluster) -> None:
    lease = cluster.lease(ready, NAME)
    assert lease is not None
    assert lease.get("spec", {}) == {}
    assert "ownerReferences" not in lease["metadata"]
    cluster.delete_election(ready, NAME)
    cluster.make_election(ready, NAME)
    wait_for(lambda: cluster.condition(ready, NAME, "Ready")[0] == "True", SOON_S, "the new one is ready")
    assert cluster.lease(ready, NAME) == lease


def test_a_lease_that_is_to_go_with_its_resource_is_owned_by_it(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    made = cluster.make_election(namespace, NAME, leaseDeletionPolicy="Delete")
    lease = wait_for(lambda: cluster.lease(namespace, NAME), SOON_S, "there is a Lease")
    assert [owner["uid"] for owner in lease["metadata"]["ownerReferences"]] == [made["metadata"]["uid"]]
    with pytest.raises(RestError, match="set for good"):
        cluster.edit_election(namespace, NAME, leaseDeletionPolicy="Retain")


def test_the_label_follows_the_leader_and_the_lease_is_never_written(ready: str, cluster: Cluster) -> None:
    uids = {name: cluster.make_pod(ready, name) for name in ("payouts-0", "payouts-1")}
    for token, (pod, uid) in enumerate([*uids.items(), *uids.items()], 41):
        version = lead(cluster, ready, pod, uid, token)
        labelled(cluster, ready, pod)
        told(cluster, ready, token=token)
        assert cluster.lease(ready, NAME)["metadata"]["resourceVersion"] == str(version)  # type: ignore[index]
    status = cluster.status(ready, NAME)
    leader = status["leader"]
    assert (leader["pod"], leader["node"], leader["token"], status["transitions"]) == ("payouts-1", "node-1", 44, 4)
    assert leader["since"] == "2026-11-28T10:00:00.000000Z"
    cluster.release(ready, NAME)
    labelled(cluster, ready)
    wait_for(lambda: cluster.condition(ready, NAME, "HasLeader") == ("False", "Vacant"), SOON_S, "nobody leads")
    assert "leader" not in cluster.status(ready, NAME)


def test_a_resource_gets_no_annotation_and_no_finalizer(ready: str, cluster: Cluster) -> None:
    metadata = cluster.election(ready, NAME)["metadata"]
    assert "annotations" not in metadata
    assert "finalizers" not in metadata
    lease = cluster.lease(ready, NAME)
    assert lease is not None
    assert "annotations" not in lease["metadata"]


def test_kubectl_tells_who_leads_with_which_token_since_when(
    ready: str, cluster: Cluster, apiserver: ApiServer, tmp_path: Path
) -> None:
    lead(cluster, ready, "payouts-0", cluster.make_pod(ready, "payouts-0"), 418)
    told(cluster, ready, token=418)
    kubectl, kubeconfig = find_helm("kubectl"), apiserver.kubeconfig_with_certificate(tmp_path / "admin")
    assert kubectl
    command = [kubectl, "--kubeconfig", str(kubeconfig), "-n", ready, "get", "leaderelections"]
    head, row = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    assert head.split() == ["NAME", "LEADER", "TOKEN", "SINCE", "READY", "AGE"]
    assert row.split()[:3] == ["payouts", "payouts-0", "418"]
    assert row.split()[4] == "True"


def test_a_leader_that_does_not_renew_loses_the_label_and_has_it_again_when_it_does(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    cluster.make_election(namespace, NAME, **SHORT_LEASE)
    wait_for(lambda: cluster.lease(namespace, NAME), SOON_S, "there is a Lease")
    uid = cluster.make_pod(namespace, "payouts-0")
    lead(cluster, namespace, "payouts-0", uid, 41, lease_s=3)
    labelled(cluster, namespace, "payouts-0")
    labelled(cluster, namespace, within_s=LAPSE_S + SOON_S)
    wait_for(lambda: cluster.condition(namespace, NAME, "HasLeader") == ("False", "Lapsed"), SOON_S, "it has lapsed")
    cluster.lead(namespace, NAME, "payouts-0", uid, 41, lease_s=3)
    labelled(cluster, namespace, "payouts-0")


def test_a_label_that_somebody_moved_by_hand_is_put_right(ready: str, cluster: Cluster) -> None:
    uid = cluster.make_pod(ready, "payouts-0")
    label = f"leader-of.leader-sidecar.io/{NAME}"
    cluster.make_pod(ready, "payouts-1", labels={label: "true", LEADS_LABEL: "true"})
    labelled(cluster, ready)
    lead(cluster, ready, "payouts-0", uid, 41)
    labelled(cluster, ready, "payouts-0")
    cluster.label_pod(ready, "payouts-0", {label: "garbled"})
    wait_for(lambda: cluster.pod_labels(ready, "payouts-0")[label] == "true", SOON_S, "it says true again")


def test_a_pod_that_has_the_leaders_name_but_is_another_is_not_labelled(ready: str, cluster: Cluster) -> None:
    old = cluster.make_pod(ready, "payouts-0")
    lead(cluster, ready, "payouts-0", old, 41)
    labelled(cluster, ready, "payouts-0")
    told(cluster, ready, node="node-1")
    cluster.delete_pod(ready, "payouts-0")
    cluster.make_pod(ready, "payouts-0")
    cluster.lead(ready, NAME, "payouts-0", old, 41)
    wait_for(lambda: "node" not in cluster.status(ready, NAME)["leader"], SOON_S, "its node is not known")
    assert cluster.leaders(ready, NAME) == set()


def test_a_pod_may_lead_several_elections(ready: str, cluster: Cluster) -> None:
    cluster.make_election(ready, "reports")
    wait_for(lambda: cluster.lease(ready, "reports"), SOON_S, "there is a Lease")
    uid = cluster.make_pod(ready, "payouts-0")
    for name in (NAME, "reports"):
        for _ in range(2):
            cluster.lead(ready, name, "payouts-0", uid, 41)
    wait_for(lambda: cluster.leaders(ready, "reports") & cluster.leaders(ready, NAME), SOON_S, "it has both labels")
    cluster.release(ready, "reports")
    wait_for(lambda: not cluster.leaders(ready, "reports"), SOON_S, "one label has gone")
    assert cluster.pod_labels(ready, "payouts-0")[LEADS_LABEL] == "true"


def test_the_service_selects_the_leader_alone_and_follows_its_resource(ready: str, cluster: Cluster) -> None:
    service = cluster.service(ready, NAME)
    assert service is not None
    assert service["spec"]["selector"] == {f"leader-of.leader-sidecar.io/{NAME}": "true"}
    assert service["spec"]["clusterIP"] == "None"
    cluster.edit_election(ready, NAME, service={"enabled": True, "ports": [{"port": 80, "targetPort": "http"}]})
    wait_for(lambda: (cluster.service(ready, NAME) or service)["spec"].get("ports"), SOON_S, "it has a port")
    cluster.edit_election(ready, NAME, service={"enabled": False})
    wait_for(lambda: cluster.service(ready, NAME) is None, SOON_S, "it has gone")


def test_a_strangers_lease_is_left_alone_while_it_is_held_until_that_is_asked_for(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    cluster.make_lease(namespace, NAME)
    uid = cluster.make_pod(namespace, "stranger-0")
    version = lead(cluster, namespace, "stranger-0", uid, 41)
    cluster.make_election(namespace, NAME, serviceAccounts=["app"])
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0], SOON_S, "it says how it stands")
    assert cluster.condition(namespace, NAME, "Ready") == ("False", "LeaseHeldByAnother")
    assert cluster.role(namespace, NAME) is None
    assert cluster.leaders(namespace, NAME) == set()
    cluster.edit_election(namespace, NAME, adopt=True)
    labelled(cluster, namespace, "stranger-0")
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready") == ("True", "Settled"), SOON_S, "it is ready")
    assert cluster.accounts(namespace, NAME) == ["app"]
    assert cluster.lease(namespace, NAME)["metadata"]["resourceVersion"] == str(version)  # type: ignore[index]


def test_a_strangers_lease_is_taken_as_soon_as_nobody_holds_it(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    cluster.make_lease(namespace, NAME)
    lead(cluster, namespace, "stranger-0", "gone", 41)
    cluster.make_election(namespace, NAME)
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0] == "False", SOON_S, "it is not ready")
    cluster.release(namespace, NAME)
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0] == "True", SOON_S, "it is ready")


def test_a_role_that_others_made_under_that_name_is_not_touched(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    made = cluster.make_role(namespace, f"{NAME}-leader-election")
    cluster.make_election(namespace, NAME, serviceAccounts=["app"])
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready") == ("False", "NameTaken"), SOON_S, "it says so")
    assert cluster.role(namespace, NAME) == made
    assert cluster.accounts(namespace, NAME) is None


def test_a_garbled_token_and_a_foreign_elector_are_told_as_they_are(ready: str, cluster: Cluster) -> None:
    uid = cluster.make_pod(ready, "payouts-0")
    lead(cluster, ready, "payouts-0", uid, 41)
    labelled(cluster, ready, "payouts-0")
    cluster.edit_lease(ready, NAME, annotations={"leader-sidecar.io/fencing-token": "\u0664\u0661 garbled"})
    labelled(cluster, ready)
    cluster.edit_lease(ready, NAME, holderIdentity="host-1_4e2d")
    told(cluster, ready, identity="host-1_4e2d")
    assert "token" not in cluster.status(ready, NAME)["leader"]
    assert cluster.leaders(ready, NAME) == set()


def test_a_status_that_somebody_overwrote_is_written_again(ready: str, cluster: Cluster) -> None:
    lead(cluster, ready, "payouts-0", cluster.make_pod(ready, "payouts-0"), 41)
    told(cluster, ready, token=41)
    cluster.overwrite_status(ready, NAME, {"leader": {"pod": "nobody"}, "conditions": []})
    wait_for(lambda: cluster.condition(ready, NAME, "HasLeader")[0], SOON_S, "the status is back")


def test_a_lease_that_is_deleted_is_made_again(ready: str, cluster: Cluster) -> None:
    cluster.delete_lease(ready, NAME)
    wait_for(lambda: cluster.lease(ready, NAME), SOON_S, "there is a Lease again")
