"""What befalls operators: none of them, two at once, one that is frozen, an API server that is away, a killed one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operators.cluster import ACCOUNT, OPERATORS, SHORT_LEASE, Cluster, wait_for
from operators.conftest import NAME, START_S, Start
from operators.process import QUICK
from process.sidecars import SidecarProcess

pytestmark = pytest.mark.apiserver

SOON_S = 30.0
D_S = 3.0

StartSidecar = Callable[[str], SidecarProcess]


@pytest.fixture
def sidecar(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[StartSidecar]:
    """Give an action that starts a sidecar in a pod of its own, with the rights that the operator gave its account."""
    started: list[SidecarProcess] = []

    def one(pod: str) -> SidecarProcess:
        uid = cluster.make_pod(namespace, pod)
        kubeconfig = cluster.api.kubeconfig_with_token(tmp_path / f"{pod}.kubeconfig", namespace, "app")
        started.append(SidecarProcess(tmp_path, kubeconfig, [f"{namespace}/{NAME}"], pod, pod_uid=uid))
        return started[-1].start()

    yield one
    for process in started:
        process.process.kill()


def make(cluster: Cluster, namespace: str) -> None:
    """Make an election whose accounts may stand."""
    cluster.api.make_service_account(namespace, "app")
    cluster.make_election(namespace, NAME, serviceAccounts=["app"], **SHORT_LEASE)
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0] == "True", SOON_S, "it is ready")
    group = "coordination.k8s.io"
    cluster.api.wait_allowed(namespace, "app", "watch", resource="leases", group=group, name=NAME)


def labelled(cluster: Cluster, namespace: str, *pods: str) -> None:
    """Wait until these pods, and no others, carry the label."""
    wait_for(lambda: cluster.leaders(namespace, NAME) == set(pods), SOON_S, f"{pods} carry the label")


def test_without_an_operator_elections_go_on_and_the_next_one_puts_labels_right(
    cluster: Cluster, namespace: str, start: Start, sidecar: StartSidecar
) -> None:
    operator = start()
    wait_for(lambda: operator.acts, START_S, "it acts")
    make(cluster, namespace)
    old = sidecar("payouts-0")
    labelled(cluster, namespace, "payouts-0")
    new = sidecar("payouts-1")
    operator.process.kill()
    old.process.kill()
    wait_for(lambda: new.leads, D_S + SOON_S, "another sidecar leads")
    assert cluster.leaders(namespace, NAME) == {"payouts-0"}, "there is nobody who could move the label"
    operator.start()
    labelled(cluster, namespace, "payouts-1")
    wait_for(
        lambda: new.leads and cluster.leader(namespace, NAME).get("token") == new.token,
        SOON_S,
        "so does the status",
    )


def test_a_resource_deleted_while_no_operator_runs_leaves_no_label_behind(
    cluster: Cluster, namespace: str, start: Start, sidecar: StartSidecar
) -> None:
    operator = start()
    wait_for(lambda: operator.acts, START_S, "it acts")
    make(cluster, namespace)
    leader = sidecar("payouts-0")
    labelled(cluster, namespace, "payouts-0")
    operator.process.kill()
    cluster.delete_election(namespace, NAME)
    operator.start()
    labelled(cluster, namespace)
    assert leader.leads


def test_of_two_one_acts_and_one_that_was_frozen_does_no_harm(cluster: Cluster, namespace: str, start: Start) -> None:
    operators = [start("operator-0", settings=QUICK), start("operator-1", settings=QUICK)]
    acting = wait_for(lambda: next((one for one in operators if one.acts), None), START_S, "one acts")
    (other,) = (one for one in operators if one is not acting)
    assert not other.acts
    make(cluster, namespace)
    uids = {pod: cluster.make_pod(namespace, pod) for pod in ("payouts-0", "payouts-1")}
    for _ in range(2):
        cluster.lead(namespace, NAME, "payouts-0", uids["payouts-0"], 41)
    labelled(cluster, namespace, "payouts-0")
    acting.process.pause()
    wait_for(lambda: other.acts, D_S + SOON_S, "the other acts")
    for _ in range(2):
        cluster.lead(namespace, NAME, "payouts-1", uids["payouts-1"], 57)
    labelled(cluster, namespace, "payouts-1")
    acting.process.resume()
    wait_for(lambda: not acting.acts, SOON_S, "the frozen one rests")
    cluster.lead(namespace, NAME, "payouts-1", uids["payouts-1"], 57)
    told = cluster.status(namespace, NAME)
    deadline_s = time.monotonic() + 1.5
    while time.monotonic() < deadline_s:
        assert cluster.leaders(namespace, NAME) == {"payouts-1"}
        assert cluster.status(namespace, NAME) == told
    assert other.acts


def test_an_election_edited_while_its_leader_is_frozen_does_not_touch_the_lease(
    cluster: Cluster, namespace: str, start: Start, sidecar: StartSidecar
) -> None:
    operator = start()
    wait_for(lambda: operator.acts, START_S, "it acts")
    make(cluster, namespace)
    frozen = sidecar("payouts-0")
    labelled(cluster, namespace, "payouts-0")
    frozen.process.pause()
    before = cluster.lease(namespace, NAME)
    cluster.edit_election(namespace, NAME, leaseDuration="4s", serviceAccounts=["app", "more"])
    wait_for(lambda: cluster.accounts(namespace, NAME) == ["app", "more"], SOON_S, "the rights are changed")
    assert cluster.lease(namespace, NAME) == before
    # 4 s now, and the record's own 3 s: the longer counts.
    labelled(cluster, namespace)
    new = sidecar("payouts-1")
    labelled(cluster, namespace, "payouts-1")
    frozen.process.resume()
    wait_for(lambda: frozen.document()["leader"], SOON_S, "the frozen one follows")
    assert not frozen.leads
    assert new.leads
    assert cluster.leaders(namespace, NAME) == {"payouts-1"}


def test_an_api_server_that_was_away_is_caught_up_with(cluster: Cluster, namespace: str, start: Start) -> None:
    operator = start(settings=QUICK)
    wait_for(lambda: operator.acts, START_S, "it acts")
    make(cluster, namespace)
    uid = cluster.make_pod(namespace, "payouts-0")
    cluster.api.server.kill()
    wait_for(lambda: not operator.acts, SOON_S, "it rests")
    assert operator.get("/livez")[0] == 200
    cluster.api.server.start()
    cluster.api.wait_ready()
    for _ in range(2):
        cluster.lead(namespace, NAME, "payouts-0", uid, 41)
    cluster.make_election(namespace, "reports")
    wait_for(lambda: cluster.condition(namespace, "reports", "Ready")[0] == "True", START_S, "a new one is ready")
    assert operator.process.pid


def test_an_operator_that_is_killed_again_and_again_in_the_midst_of_its_work_finishes_it(
    cluster: Cluster, namespace: str, start: Start
) -> None:
    operator = start()
    names = [f"election-{number}" for number in range(20)]
    wait_for(lambda: operator.acts, START_S, "it acts")
    for name in names:
        cluster.make_election(namespace, name)
    for _ in range(3):
        operator.process.kill()
        operator.start()
        wait_for(lambda: operator.acts, START_S, "it acts")
        time.sleep(0.15)
    wait_for(
        lambda: all(cluster.condition(namespace, name, "Ready")[0] == "True" for name in names), SOON_S, "all are ready"
    )


def test_an_operator_without_its_rights_says_which_and_goes_on_when_it_has_them(
    cluster: Cluster, namespace: str, start: Start
) -> None:
    operator = start()
    wait_for(lambda: operator.acts, START_S, "it acts")
    with cluster.without_rule("roles"):
        cluster.make_election(namespace, NAME)
        wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0] == "False", SOON_S, "it is not ready")
        message = cluster.message(namespace, NAME, "Ready")
        assert f"system:serviceaccount:{OPERATORS}:{ACCOUNT}" in message
        assert "roles" in message
    cluster.edit_election(namespace, NAME, serviceAccounts=["app"])
    wait_for(lambda: cluster.condition(namespace, NAME, "Ready")[0] == "True", SOON_S, "it is ready")
