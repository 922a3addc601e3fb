"""Owns a cluster of kind for one test run: made, filled with images, looked into, and deleted again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cluster.node_image import HERE, KindError, build_node_programs, build_programs, engine_answers, node_image
from cluster.programs import CACHE

CONFIG = HERE / "cluster.yaml"
_DUAL = "networking: {ipFamily: dual}\n"
TOOLS = ("kind", "helm", "kubectl")
_CREATE_S = 300


def program(name: str) -> str:
    """Find kind, kubectl or helm: on $PATH, else in the cache. Raises: KindError."""
    found = shutil.which(name) or shutil.which(name, path=str(CACHE))
    if found is None:
        raise KindError(f"no {name}: install it, or run {HERE / 'build-binaries'} {CACHE} apiserver tools")
    return found


def kernel_has_ipv6() -> bool:
    """Say whether nodes and pods can have IPv6 addresses beside those of IPv4: they do where they can."""
    return Path("/proc/net/if_inet6").exists()


class KindCluster:
    """A cluster of one control plane and three workers.

    Args:
        name: of the cluster; its nodes are containers that begin with it.
        folder: for its kubeconfig and, after `export_logs`, what is known of it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.kubeconfig = folder / f"{name}.kubeconfig"
        self.control_plane = f"{name}-control-plane"
        self.workers = [f"{name}-worker{number}" for number in ("", 2, 3)]

    def create(self, images: Sequence[str]) -> None:
        """Make the cluster and put images on its nodes; what failed stays to be looked into. Raises: KindError."""
        if not engine_answers():
            raise KindError(f"no Docker engine answers: start one, or run {HERE / 'docker-engine'}")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "cluster.yaml"
        config.write_text(CONFIG.read_text() + (_DUAL if kernel_has_ipv6() else ""))
        options = ["--image", node_image(), "--config", str(config), "--wait", "180s", "--retain"]
        self._kind("create", "cluster", *options, limit_s=_CREATE_S)
        self.load(*images)

    def load(self, *images: str, nodes: Sequence[str] = ()) -> None:
        """Put images of the engine on these nodes, or on all."""
        only = ["--nodes", ",".join(nodes)] if nodes else []
        self._kind("load", "docker-image", *images, *only)

    def empty(self) -> None:
        """Remove what an earlier run left in it."""
        told = self.run("kubectl", "get", "namespaces", "--output", "name").stdout.split()
        names = [name.removeprefix("namespace/") for name in told]
        self.remove(*(name for name in names if not re.fullmatch(r"default|local-path-storage|kube-.*", name)))

    def remove(self, *namespaces: str) -> None:
        """Remove namespaces and all that is in them; return when it is gone."""
        if namespaces:
            self.run("kubectl", "delete", "namespace", "--ignore-not-found", *namespaces, limit_s=300.0)

    def delete(self) -> None:
        """Remove the cluster and all that is in it."""
        self._kind("delete", "cluster")
        self.kubeconfig.unlink(missing_ok=True)

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

    def on_node(self, node: str, *command: str, limit_s: float = 60.0) -> str:
        """Run a program on a node, as its root."""
        return self.engine("exec", node, *command, limit_s=limit_s)

    def engine(self, *command: str, limit_s: float = 60.0) -> str:
        """Ask the Docker engine for something that befalls a node: pause, unpause, kill, start, cp."""
        done = subprocess.run(["docker", *command], capture_output=True, text=True, timeout=limit_s, check=False)
        assert done.returncode == 0, f"docker {' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _kind(self, *arguments: str, limit_s: float = 180.0, check: bool = True) -> None:
        # One option too many for `load`, which takes no kubeconfig: the environment serves all.
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        command = [program("kind"), *arguments, "--name", self.name]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=limit_s, check=False, env=environment
            )
        except subprocess.TimeoutExpired as error:
            raise KindError(f"{' '.join(command)}: not within {limit_s:g} s") from error
        if check and done.returncode:
            raise KindError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def main() -> int:
    """Print where programs are: those that are named, else all that a cluster needs, built where they are missing.

    Returns: the exit code.
    """
    try:
        if not sys.argv[1:]:
            find_or_build()
        print(*(program(name) for name in sys.argv[1:] or TOOLS), sep="\n")
    except KindError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def find_or_build() -> None:
    """Get ready what a cluster needs: the tools, and the node image where an engine runs. Raises: KindError."""
    missing = any(not (shutil.which(name) or (CACHE / name).exists()) for name in TOOLS)
    # The charts are tested with the older helm too, wherever it can be built.
    if missing or (shutil.which("go") and not (CACHE / "helm3").exists()):
        build_programs("apiserver", "tools")
    if engine_answers():
        print(f"node image: {node_image()}")
    elif shutil.which("go"):
        # Without an engine nobody knows yet whether kind's own image can be had.
        build_node_programs()


if __name__ == "__main__":
    sys.exit(main())
