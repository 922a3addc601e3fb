"""Owns the faults: each is a context that does harm, ends it, and fails where no harm was done."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cluster.kind import KindCluster

API_PORT = 6443
_MANIFESTS = "/etc/kubernetes/manifests"
_AWAY = "/etc/kubernetes/stopped"
_ANSWERS_S = 90.0
_TRIES = 5


@contextmanager
def frozen(cluster: KindCluster, node: str) -> Iterator[None]:
    """Freeze every process of a node."""
    _insist(lambda: cluster.engine("pause", node))
    try:
        assert cluster.engine("inspect", "--format", "{{.State.Paused}}", node).strip() == "true", "nobody is frozen"
        yield
    finally:
        cluster.engine("unpause", node)


def _insist(freeze: Callable[[], object]) -> None:
    """Freeze; who starts processes just then may not come to a stop at the first try."""
    for _ in range(_TRIES):
        with contextlib.suppress(AssertionError):
            freeze()
            return
        time.sleep(0.5)
    freeze()


@contextmanager
def paused(cluster: KindCluster, node: str, container: str) -> Iterator[None]:
    """Freeze the processes of one container, by its id."""
    task = ("ctr", "--namespace", "k8s.io", "tasks")
    _insist(lambda: cluster.on_node(node, *task, "pause", container))
    try:
        listed = [line.split() for line in cluster.on_node(node, *task, "list").splitlines()]
        assert [line[2] for line in listed if line[0] == container] == ["PAUSED"], "nobody is frozen"
        yield
    finally:
        cluster.on_node(node, *task, "resume", container)


@contextmanager
def killed(cluster: KindCluster, node: str) -> Iterator[None]:
    """Kill a node, as a power cut does, and start it again."""
    cluster.engine("kill", node)
    try:
        assert cluster.engine("inspect", "--format", "{{.State.Running}}", node).strip() == "false", "it runs on"
        yield
    finally:
        cluster.engine("start", node)


@contextmanager
def cut_off(cluster: KindCluster, node: str, say: Callable[[str], None]) -> Iterator[None]:
    """Drop every packet between a node, its pods too, and the API server. Raises: AssertionError where none came."""
    rules = [(chain, end) for chain in ("FORWARD", "OUTPUT", "INPUT") for end in ("--dport", "--sport")]
    with _rules(cluster, node, [(chain, [end, str(API_PORT), "--jump", "DROP"]) for chain, end in rules]):
        yield
        count = _hits(cluster, node, "FORWARD")
    assert count, "nothing was dropped on the way from pods to the API server"
    say(f"{count} packets of pods dropped")


@contextmanager
def api_server_refused(cluster: KindCluster, say: Callable[[str], None]) -> Iterator[None]:
    """Answer every packet to the API server with a reset, as a dead one's machine does, for exactly this long."""
    rule = ["--dport", str(API_PORT), "--jump", "REJECT", "--reject-with", "tcp-reset"]
    node = cluster.control_plane
    with _rules(cluster, node, [("INPUT", rule)]):
        yield
        count = _hits(cluster, node, "INPUT")
    assert count, "nobody asked the API server while it was away"
    say(f"{count} packets refused")


@contextmanager
def api_server_stopped(cluster: KindCluster) -> Iterator[None]:
    """Kill the API server, keep the kubelet from starting it, and wait until it answers again afterwards.

    Killed before the kubelet knows, for who is asked to end takes its address out of the Service `kubernetes` first; a
    kube-proxy that has seen that refuses pods until it has the endpoints again, up to a minute after the return.
    """
    node, manifest = cluster.control_plane, "kube-apiserver.yaml"
    cluster.on_node(node, "mkdir", "-p", _AWAY)
    try:
        cluster.on_node(node, "sh", "-c", f"pkill -KILL -x kube-apiserver && mv {_MANIFESTS}/{manifest} {_AWAY}")
        yield
        assert not answers(cluster), "the API server answers though it was killed"
    finally:
        cluster.on_node(node, "mv", f"{_AWAY}/{manifest}", _MANIFESTS)
    until_it_answers(cluster)


def kill_etcd(cluster: KindCluster) -> None:
    """Kill etcd, which the kubelet starts again, and wait for both."""
    node = cluster.control_plane
    before = cluster.on_node(node, "pgrep", "-x", "etcd").split()
    cluster.on_node(node, "pkill", "-KILL", "-x", "etcd")
    deadline_s = time.monotonic() + _ANSWERS_S
    while (after := cluster.on_node(node, "sh", "-c", "pgrep -x etcd || true").split()) == before or not after:
        assert time.monotonic() < deadline_s, "etcd was not started again"
        time.sleep(0.2)
    until_it_answers(cluster)


def until_it_answers(cluster: KindCluster) -> None:
    """Wait until the API server, and the etcd behind it, answer."""
    deadline_s = time.monotonic() + _ANSWERS_S
    while not answers(cluster):
        assert time.monotonic() < deadline_s, f"the API server does not answer within {_ANSWERS_S:g} s"
        time.sleep(0.2)


def answers(cluster: KindCluster) -> bool:
    """Say whether the API server is ready."""
    done = cluster.run("kubectl", "get", "--raw", "/readyz", "--request-timeout=2s", check=False)
    return done.returncode == 0 and done.stdout.strip() == "ok"


@contextmanager
def _rules(cluster: KindCluster, node: str, rules: list[tuple[str, list[str]]]) -> Iterator[None]:
    for chain, rule in rules:
        cluster.on_node(node, "iptables", "--wait", "--insert", chain, "--protocol", "tcp", *rule)
    try:
        yield
    finally:
        for chain, rule in rules:
            cluster.on_node(node, "iptables", "--wait", "--delete", chain, "--protocol", "tcp", *rule)


def _hits(cluster: KindCluster, node: str, chain: str) -> int:
    """Count the packets that met the rules above in a chain."""
    told = cluster.on_node(node, "iptables", "--wait", "--list", chain, "--numeric", "--verbose", "--exact")
    return sum(
        int(found[1]) for found in re.finditer(r"^\s*(\d+)\s+\d+\s+(?:DROP|REJECT)\s.*:6443", told, re.MULTILINE)
    )
