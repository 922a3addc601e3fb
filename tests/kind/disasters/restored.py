"""etcd is restored from a snapshot: the Lease is an older one, and versions, from which tokens are made, count anew.

Who ran before sees it, does not lead, and says what to do. Who is restarted without that cannot see it: then the guards
refuse. With the floor, tokens are above the guards' marks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from kubernetes import client

from cluster.kind import program
from kind.faults import until_it_answers
from kind.release import LEASE_S
from kind.runbook import follow
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

SNAPSHOT = "/var/lib/snapshot.db"
LATER_WRITES = 4000
"""Writes to the cluster after the snapshot: more than what happens until somebody leads again."""
BARRED_S = 2 * LEASE_S + 30.0
TAKEN_S = REFUSED_S = 60.0
_WRITERS = 8
_PKI = "/etc/kubernetes/pki/etcd"


@dataclass(frozen=True)
class Saved:
    """Two releases, one that follows the runbook and one that is only restarted, and when the snapshot was taken."""

    stages: tuple[Stage, Stage]
    version: int


def install(stage: Stage) -> tuple[Stage, Stage]:
    """Install them."""
    floorless = stage.beside("restored-no-floor", "The same, restarted without the floor: the guard refuses")
    for one in (stage, floorless):
        one.install()
    return stage, floorless


def save(stages: tuple[Stage, Stage]) -> Saved:
    """Save a snapshot, which everything else on the cluster then makes too old."""
    for one in stages:
        assert one.release.lease().spec.holder_identity, "nobody leads, and a snapshot of that would be no danger"
    save_snapshot(stages[0])
    return Saved(stages, version(stages[0]))


def play(saved: Saved) -> None:
    """Restore it under both releases."""
    stages = saved.stages
    stage, floorless = stages
    with ThreadPoolExecutor(len(stages)) as pool, ExitStack() as watched:
        for one in stages:
            watched.enter_context(one.watched())
        list(pool.map(lambda one: one.leader(), stages))
        write_much(stage, saved.version + LATER_WRITES)
        marks = list(pool.map(lead_with_a_later_token, stages))
        assert min(marks) > saved.version + LATER_WRITES, "the snapshot is not old enough"
        stage.say(f"the guards' marks are {marks}, the snapshot's version is {saved.version}")
        restored_s = restore(stages)
        list(pool.map(lambda one: until_barred(one, restored_s), stages))
        list(pool.map(lambda then, *given: then(*given), (with_the_floor, without_the_floor), stages, marks))
        time.sleep(LOOK_S)
    stage.verdict()
    assert floorless.evidence.falling() == []


def lead_with_a_later_token(stage: Stage) -> int:
    """Let the leader step down, and its successor pay; return the guard's mark."""
    old = stage.watching.leader(LEASE_S)
    stage.watching.resign(old.who)
    later = stage.watching.leader(LEASE_S, other_than=old.who, after_token=old.token or 0)
    until_paid(stage, later.token or 0)
    return later.token or 0


def restore(stages: Sequence[Stage]) -> float:
    """Do what the runbook says to administrators; return the instant at which the API server answers again."""
    with ExitStack() as faults:
        for one in stages:
            faults.enter_context(one.fault("etcd restored"))
        began_s = now_s()
        follow(stages[0].cluster, "etcd is restored on a control plane of kubeadm", stages[0].release.namespace)
        until_it_answers(stages[0].cluster)
    restored_s = now_s()
    stages[0].say(f"restored in {restored_s - began_s:.1f} s")
    return restored_s


def until_barred(stage: Stage, restored_s: float) -> None:
    """Wait until all three say what to do; none of them leads."""
    stage.release.until(lambda: len(said(stage)) == 3, BARRED_S, "all three are barred", 1.0)
    stage.say(f"the API back to three that are barred {now_s() - restored_s:.1f} s: {said(stage)[0]}")
    assert not led_since(stage, restored_s), "one that ran before leads"


def save_snapshot(stage: Stage) -> None:
    """Save what etcd holds, with the programs of its own version."""
    node = stage.cluster.control_plane
    for name in ("etcdctl", "etcdutl"):
        stage.cluster.engine("cp", program(name), f"{node}:/usr/local/bin/{name}")
    proof = [f"--cacert={_PKI}/ca.crt", f"--cert={_PKI}/server.crt", f"--key={_PKI}/server.key"]
    stage.cluster.on_node(node, "etcdctl", "--endpoints=https://127.0.0.1:2379", *proof, "snapshot", "save", SNAPSHOT)


def version(stage: Stage) -> int:
    """Return the version that the cluster has come to."""
    return int(stage.release.core.list_namespaced_config_map(stage.release.namespace).metadata.resource_version)


def write_much(stage: Stage, until: int) -> None:
    """Let the cluster's life go on until this version: each write counts one up."""
    namespace, core = stage.release.namespace, stage.release.core
    names = [f"later-{number}" for number in range(_WRITERS)]
    for name in names:
        core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name)))
    count = max(until - version(stage), 0)

    def write(name: str) -> None:
        for number in range(count // _WRITERS + 1):
            core.patch_namespaced_config_map(name, namespace, {"data": {"number": str(number)}})

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(write, names))


def until_paid(stage: Stage, token: int) -> None:
    """Wait until the ledger has taken a payment of this term, so that its mark is not below."""

    def paid() -> bool:
        stage.look()
        return any(one["token"] == token and one["what"].startswith("pay ") for one in stage.evidence.accepted)

    stage.release.until(paid, TAKEN_S, f"the ledger takes a payment with token {token}", 1.0)


def said(stage: Stage) -> list[str]:
    """Return why each pod's sidecar is barred."""
    pods = [pod.metadata.name for pod in stage.release.pods()]
    found = [line["reason"] for pod in pods for line in stage.release.log(pod) if line["event"] == "barred"]
    assert all("--token-floor" in one for one in found)
    return found


def led_since(stage: Stage, since_s: float) -> list[str]:
    """Name who has said since then that it leads."""
    return [one.who for one in stage.watching.seen if one.token is not None and one.sent_s > since_s]


def with_the_floor(stage: Stage, high_water: int) -> None:
    """Do what the runbook says: the next token is above the guard's mark, and the ledger takes it."""
    floor = max(int(found) for one in said(stage) for found in re.findall(r"--token-floor (\d+)", one))
    began_s = now_s()
    follow(stage.cluster, "etcd was restored", stage.release.namespace, FLOOR=str(floor))
    new = stage.watching.leader(LEASE_S + 15.0, after_token=max(floor, high_water))
    stage.say(f"floor {floor}: token {new.token} above the mark {high_water}, {new.received_s - began_s:.1f} s after")
    until_paid(stage, new.token or 0)


def without_the_floor(stage: Stage, high_water: int) -> None:
    """Only restart: somebody leads with a token below the mark, and the guard refuses all that it writes."""
    restarted_s = now_s()
    stage.release.roll()

    def refused() -> bool:
        stage.look()
        return any(one["at_s"] > restarted_s for one in stage.evidence.refused)

    stage.release.until(refused, REFUSED_S, "the ledger refuses a token", 1.0)
    late = [one for one in stage.evidence.refused if one["at_s"] > restarted_s]
    assert all(int(one["token"]) < high_water == one["high_water"] for one in late)
    assert not [one for one in stage.evidence.accepted if one["at_s"] > restarted_s]
    stage.release.until(lambda: led_since(stage, restarted_s), LEASE_S, "somebody says that it leads")
    stage.say(f"refused: {late[0]['what']} with token {late[0]['token']}, below the mark {high_water}")
