"""The operator: sidecars by a label, by webhook and by policy; the leader found by name; what becomes of it all."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from cluster.kind import KindCluster
from kind.labelled import INJECT, Labelled, Operators
from kind.release import LEASE_S

FIND_S = 10.0
ROTATE_S = 60.0
PROBE = (
    *("--namespace", "default", "run", "probe", "--image=none", "--dry-run=server", "-o", "name"),
    *(f"--labels={INJECT}=true", "--annotations=leader-sidecar.io/election=probe"),
)


@pytest.fixture(scope="module")
def operators(cluster: KindCluster) -> Operators:
    """Install the operator with its webhook."""
    one = Operators(cluster)
    one.install("webhook")
    return one


@pytest.fixture(scope="module")
def labelled(cluster: KindCluster, operators: Operators) -> Iterator[Labelled]:
    """Give three pods without a sidecar, a LeaderElection, and then the label."""
    one = Labelled(cluster, "labelled")
    one.install()
    assert not one.injected()
    begin_s = time.monotonic()
    one.kubectl("label", f"deployment/{one.namespace}", f"{INJECT}={one.namespace}")
    one.rolled_out()
    with one.watching() as watching:
        watching.leader(LEASE_S + 10.0)
    print(f"kubectl label to a leader: {time.monotonic() - begin_s:.1f} s")
    yield one
    one.kubectl("delete", "namespace", one.namespace, "--wait=false")


def test_a_label_gives_every_pod_its_sidecar(labelled: Labelled) -> None:
    assert len(labelled.injected()) == 3
    status, body = labelled.ask(labelled.pods()[0].metadata.name, "http://localhost:8080/leader")
    assert status == 200
    assert f'"election": "{labelled.namespace}/{labelled.namespace}"' in body


def test_the_service_finds_the_new_leader_after_a_handover(labelled: Labelled) -> None:
    names = [pod.metadata.name for pod in labelled.pods()]
    old, _ = labelled.found_by_service(names[0], FIND_S)
    asking = next(name for name in names if name != old)
    with labelled.watching() as watching:
        watching.leader(LEASE_S)
        labelled.core.delete_namespaced_pod(old, labelled.namespace)
        new, took_s = labelled.found_by_service(asking, LEASE_S + FIND_S, other_than=old)
        labelled.until_whole()
    print(f"deleted to found by the Service: {took_s:.2f} s")
    assert new != old
    assert took_s <= FIND_S
    watching.verdict()
    assert len(labelled.injected()) == 3


def test_a_rollout_outlives_the_operators(labelled: Labelled, operators: Operators) -> None:
    before = {pod.metadata.name for pod in labelled.pods()}
    with labelled.watching() as watching:
        watching.leader(LEASE_S)
        labelled.kubectl("rollout", "restart", f"deployment/{labelled.namespace}")
        operators.kill()
        labelled.rolled_out()
    after = {pod.metadata.name for pod in labelled.pods()}
    assert not before & after
    assert len(labelled.injected()) == 3, "a pod went through without its sidecar"
    watching.verdict()


def test_a_certificate_is_exchanged_and_no_pod_is_refused(labelled: Labelled, operators: Operators) -> None:
    labelled.until(lambda: operators.certificates(), ROTATE_S, "an operator that is ready")
    before, shown = operators.bundle(), operators.certificates()
    refused: list[str] = []
    made: list[float] = []
    ended = threading.Event()

    def make() -> None:
        while not ended.is_set():
            try:
                operators.cluster.run("kubectl", *PROBE)
                made.append(time.monotonic())
            except (AssertionError, subprocess.TimeoutExpired) as error:
                refused.append(str(error))

    maker = threading.Thread(target=make)
    maker.start()
    try:
        labelled.until(lambda: operators.bundle() != before, ROTATE_S, "a new certificate")
        labelled.until(lambda: len(operators.certificates() - shown) >= 2, ROTATE_S, "the new one shown by both")
    finally:
        ended.set()
        maker.join()
    print(f"{len(made)} pods while certificates were exchanged, {len(refused)} refused")
    assert not refused, refused[0]
    assert len(made) >= 10


def test_a_policy_does_the_same_with_no_operator_at_all(labelled: Labelled, operators: Operators) -> None:
    (by_webhook, *_) = labelled.injected()
    operators.install("policy")
    operators.kubectl("scale", "deployment", "--all", "--replicas=0")
    try:
        with labelled.watching() as watching:
            watching.leader(LEASE_S)
            labelled.kubectl("rollout", "restart", f"deployment/{labelled.namespace}")
            labelled.rolled_out()
        assert len(labelled.injected()) == 3
        watching.verdict()
        (by_policy, *_) = labelled.injected()
        assert by_policy.spec.init_containers == by_webhook.spec.init_containers
    finally:
        operators.install("webhook")
