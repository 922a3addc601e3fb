"""Owns the choice of the nodes' image: kind's own where an image registry can be reached, else one made here."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from cluster.programs import CACHE

HERE = Path(__file__).parent
_RECIPE = ("build-image", "versions.env", "pause.c")
_INSIDE = ("kubeadm", "kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubectl")
_INSIDE_TOO = ("etcd", "coredns", "containerd", "containerd-shim-runc-v2", "ctr", "cni/bridge")
_PULL_S = 240
_BUILD_S = 900


class KindError(Exception):
    """The cluster could not be made; the message names the fix."""


def node_image() -> str:
    """Return the image of the nodes, which this machine has from then on. Raises: KindError."""
    kinds, ours = _version("KIND_NODE"), own_image()
    if _has(kinds):
        return kinds
    if _has(ours):
        return ours
    return kinds if _pull(kinds) else _make(ours)


def own_image() -> str:
    """Return the name of the image that is made here; another recipe is another name."""
    recipe = [HERE / name for name in _RECIPE] + sorted(one for one in (HERE / "rootfs").rglob("*") if one.is_file())
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in recipe)).hexdigest()
    return f"leader-sidecar/kind-node:v{_version('K8S')}-{digest[:8]}"


def build_programs(*groups: str) -> None:
    """Build what the cache lacks of these groups of `build-binaries`. Raises: KindError."""
    done = subprocess.run([str(HERE / "build-binaries"), str(CACHE), *groups], check=False)
    if done.returncode:
        raise KindError(f"{HERE / 'build-binaries'} {CACHE}: exit {done.returncode}: is Go 1.26 or newer there?")


def build_node_programs() -> None:
    """Build what `build-image` puts into a node, where the cache lacks it. Raises: KindError."""
    if any(not (CACHE / name).exists() for name in _INSIDE + _INSIDE_TOO):
        build_programs("apiserver", "cluster", "node")


def engine_answers() -> bool:
    """Say whether a Docker engine runs."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def _make(image: str) -> str:
    build_node_programs()
    command = [str(HERE / "build-image"), str(CACHE), image]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_S, check=False)
    if done.returncode:
        raise KindError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return image


def _version(name: str) -> str:
    found = re.search(rf"^{name}=(\S+)$", (HERE / "versions.env").read_text(), re.MULTILINE)
    assert found, f"versions.env has no {name}"
    return found[1]


def _has(image: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0


def _pull(image: str) -> bool:
    try:
        done = subprocess.run(["docker", "pull", "--quiet", image], capture_output=True, timeout=_PULL_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
