"""Owns a cluster of kind for one test run: made, filled with images, looked into, and deleted again.

The node image is kind's own where an image registry can be reached, else the one that `build-image` makes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cluster.programs import CACHE

HERE = Path(__file__).parent
CONFIG = HERE / "cluster.yaml"
_PULL_S = 240
_BUILD_S = 900
_CREATE_S = 300


class KindError(Exception):
    """The cluster could not be made; the message names the fix."""


def program(name: str) -> str:
    """Find kind, kubectl or helm: on $PATH, else in the cache. Raises: KindError."""
    found = shutil.which(name) or shutil.which(name, path=str(CACHE))
    if found is None:
        raise KindError(f"no {name}: install it, or run {HERE / 'build-binaries'} {CACHE} apiserver tools")
    return found


class KindCluster:
    """A cluster of one control plane and two workers.

    Args:
        name: of the cluster; its nodes are containers that begin with it.
        folder: for its kubeconfig and, after `export_logs`, what is known of it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.kubeconfig = folder / f"{name}.kubeconfig"

    def create(self, images: Sequence[str]) -> None:
        """Make the cluster and put images on its nodes. Raises: KindError."""
        if not _engine_answers():
            raise KindError(f"no Docker engine answers: start one, or run {HERE / 'docker-engine'}")
        self.folder.mkdir(parents=True, exist_ok=True)
        node = ["--image", image] if (image := node_image()) else []
        self._kind("create", "cluster", *node, "--config", str(CONFIG), "--wait", "180s", limit_s=_CREATE_S)
        self._kind("load", "docker-image", *images)

    def delete(self) -> None:
        """Remove the cluster and all that is in it."""
        self._kind("delete", "cluster")

    def export_logs(self) -> Path:
        """Keep the logs of all nodes and pods, and a summary of what there is; return the folder."""
        logs = self.folder / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        for file, command in {
            "objects.txt": ["get", "all,leases,roles,rolebindings", "--all-namespaces", "--output", "wide"],
            "events.txt": ["get", "events", "--all-namespaces", "--sort-by", ".lastTimestamp"],
            "pods.txt": ["describe", "pods", "--all-namespaces"],
        }.items():
            done = self.run("kubectl", *command, check=False)
            (logs / file).write_text(done.stdout + done.stderr)
        self._kind("export", "logs", str(logs / "nodes"), check=False)
        return logs

    def run(
        self, name: str, *arguments: str, limit_s: float = 120.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl or helm on this cluster."""
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(
            [program(name), *arguments], capture_output=True, text=True, timeout=limit_s, check=False, env=environment
        )
        if check and done.returncode:
            raise AssertionError(f"{name} {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def on_node(self, node: str, *command: str) -> str:
        """Run a program on a node, as its root."""
        done = subprocess.run(
            ["docker", "exec", node, *command], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"on {node}: {' '.join(command)}: {done.stderr}"
        return done.stdout

    def pause(self, node: str) -> None:
        """Freeze every process of a node."""
        subprocess.run(["docker", "pause", node], capture_output=True, timeout=60, check=True)

    def unpause(self, node: str) -> None:
        """Let them go on."""
        subprocess.run(["docker", "unpause", node], capture_output=True, timeout=60, check=True)

    def _kind(self, *arguments: str, limit_s: float = 180.0, check: bool = True) -> None:
        # One option too many for `load`, which takes no kubeconfig: the environment serves all.
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        command = [program("kind"), *arguments, "--name", self.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False, env=environment)
        if check and done.returncode:
            raise KindError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def main() -> int:
    """Print where programs are: those that are named, else all that a cluster needs, built where they are missing.

    Returns: the exit code.
    """
    try:
        if not sys.argv[1:]:
            find_or_build()
            if _engine_answers():
                print(f"node image: {node_image() or 'of kind itself'}")
        print(*(program(name) for name in sys.argv[1:] or ("kind", "helm", "kubectl")), sep="\n")
    except KindError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def find_or_build() -> None:
    """Build what is neither on $PATH nor in the cache. Raises: KindError."""
    missing = [name for name in ("kind", "helm", "kubectl") if not (shutil.which(name) or (CACHE / name).exists())]
    ours = [name for name in ("kubelet", "helm3") if not (CACHE / name).exists()]
    if not missing and (not ours or not shutil.which("go")):
        return
    done = subprocess.run([str(HERE / "build-binaries"), str(CACHE)], check=False)
    if done.returncode:
        raise KindError(f"{HERE / 'build-binaries'} {CACHE}: exit {done.returncode}: is Go 1.26 or newer there?")


def node_image() -> str:
    """Return the node image to use, "" for kind's own; makes one where no registry is reachable. Raises: KindError."""
    versions = dict(re.findall(r"^(\w+)=(\S+)$", (HERE / "versions.env").read_text(), re.MULTILINE))
    ours = f"leader-sidecar/kind-node:v{versions['K8S']}"
    if _has_image(ours):
        return ours
    kinds = f"kindest/node:v{versions['K8S']}"
    if _has_image(kinds) or _pull(kinds):
        return kinds
    command = [str(HERE / "build-image"), str(CACHE), ours]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_BUILD_S, check=False)
    if done.returncode:
        raise KindError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return ours


def _engine_answers() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def _has_image(image: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0


def _pull(image: str) -> bool:
    try:
        done = subprocess.run(["docker", "pull", "--quiet", image], capture_output=True, timeout=_PULL_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
