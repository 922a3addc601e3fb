"""Owns the rendering of a chart by helm, and looking into what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from cluster.programs import CACHE

CHARTS = Path(__file__).parents[2] / "charts"
DEMO = CHARTS / "housekeeping-demo"
Objects = list[dict[str, Any]]


def find_helm(name: str) -> str | None:
    """Find a helm in the cache, else on $PATH."""
    return shutil.which(name, path=str(CACHE)) or shutil.which(name)


class Helm:
    """One version of helm."""

    def __init__(self, program: str) -> None:
        self.program = program

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run helm."""
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def render(self, *, chart: Path = DEMO, kube_version: str = "1.37.0", **values: Any) -> Objects:
        """Render a chart as release `payouts` in namespace `pay`.

        Args:
            values: by their path with `__` for a dot; `sidecar__x` is `leader-sidecar.x`.
        """
        done = self.template(chart, kube_version, values)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]

    def refusal(self, **values: Any) -> str:
        """Render what must be refused; return what helm says."""
        done = self.template(DEMO, "1.37.0", values)
        assert done.returncode != 0, "it was rendered"
        return done.stderr

    def template(self, chart: Path, kube_version: str, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        sets = []
        for path, value in values.items():
            path = path.replace("__", ".")
            path = path.replace("sidecar.", "leader-sidecar.", 1) if path.startswith("sidecar.") else path
            sets += ["--set-json", f"{path}={json.dumps(value)}"]
        command = ["template", "payouts", str(chart), "--namespace", "pay", "--kube-version", kube_version]
        return self.run(*command, *sets)


def of_kind(objects: Objects, kind: str) -> Objects:
    """Pick the objects of one kind."""
    return [one for one in objects if one["kind"] == kind]


def app(objects: Objects) -> dict[str, Any]:
    """Pick the Deployment of the app; the other one is the ledger's."""
    (found,) = [one for one in of_kind(objects, "Deployment") if not one["metadata"]["name"].endswith("-ledger")]
    return found


def pod_spec(objects: Objects) -> dict[str, Any]:
    """Return the spec of the app's pods."""
    spec: dict[str, Any] = app(objects)["spec"]["template"]["spec"]
    return spec


def pods(objects: Objects) -> dict[str, dict[str, Any]]:
    """Return the spec of every pod that these objects are or make, by kind and name."""
    specs = {f"{one['kind']}/{one['metadata']['name']}": one.get("spec") or {} for one in objects}
    specs = {
        name: spec if name.startswith("Pod/") else spec.get("template", {}).get("spec") for name, spec in specs.items()
    }
    return {name: spec for name, spec in specs.items() if spec}


def sidecar(objects: Objects) -> dict[str, Any]:
    """Return the sidecar's container, wherever it stands."""
    spec = pod_spec(objects)
    (found,) = [
        one for one in [*spec.get("initContainers", []), *spec["containers"]] if one["name"] == "leader-sidecar"
    ]
    return dict(found)
