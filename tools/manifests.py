#!/usr/bin/env python3
"""Render `manifests/` from the charts, without what only Helm reads.

    python tools/manifests.py [--verify] [--helm HELM]

`manifests/housekeeping-demo.yaml` is the demo's chart; `manifests/pod-with-sidecar.yaml` is written by hand, and only
gets the images of this version.
"""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from leader_sidecar import __version__

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "leader-demo"
_CACHED = Path.home() / ".cache" / "leader-sidecar" / "bin" / "helm"
_RENDER = ("template", "housekeeping-demo", str(ROOT / "charts" / "housekeeping-demo"), "--namespace", NAMESPACE)
_OPTIONS = ("--no-hooks", "--kube-version", "1.37.0", "--set", "leader-sidecar.election=housekeeping")
_HEAD = "# Made by tools/manifests.py from charts/housekeeping-demo; change that one instead."


class RenderError(Exception):
    """The charts were not rendered; the message is one line that names the fix."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write or verify the manifests. Returns: the exit code."""
    parser = argparse.ArgumentParser(prog="manifests.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--verify", action="store_true", help="change nothing; exit 1 when a file would change")
    parser.add_argument("--helm", help="the program; else the one on $PATH, else in ~/.cache/leader-sidecar/bin")
    arguments = parser.parse_args(argv)
    try:
        made = made_anew(find_helm(arguments.helm))
    except RenderError as error:
        print(error, file=sys.stderr)
        return 2
    stale = False
    for file, text in made.items():
        found = file.read_text(encoding="utf-8") if file.exists() else ""
        if found == text:
            continue
        if not arguments.verify:
            file.write_text(text, encoding="utf-8")
            continue
        stale = True
        name = str(file.relative_to(ROOT))
        sys.stderr.writelines(difflib.unified_diff(found.splitlines(True), text.splitlines(True), name, "made anew"))
        print(f"{name} is out of date: run make update-manifests", file=sys.stderr)
    return 1 if stale else 0


def find_helm(named: str | None) -> str:
    """Find helm. Raises: RenderError where there is none."""
    found = named or shutil.which("helm") or (str(_CACHED) if _CACHED.exists() else None)
    if found is None:
        raise RenderError(f"no helm: install it, or run tests/cluster/build-binaries {_CACHED.parent} tools")
    return found


def made_anew(helm: str) -> dict[Path, str]:
    """Return each file of `manifests/` that is made, with the text that it should have."""
    command = [helm, *_RENDER, *_OPTIONS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        raise RenderError(f"{helm} does not run ({error.strerror}): name a helm with --helm") from None
    if done.returncode != 0:
        raise RenderError(f"helm template failed: {done.stderr.strip()}")
    documents = [_without_helm(one) for one in yaml.safe_load_all(done.stdout) if one]
    dumped = "---\n".join(yaml.safe_dump(one, sort_keys=False, width=120) for one in documents)
    pod = ROOT / "manifests" / "pod-with-sidecar.yaml"
    return {
        ROOT / "manifests" / "housekeeping-demo.yaml": f"{_HEAD}\n{dumped}",
        pod: re.sub(r"(ghcr\.io/leader-sidecar/[a-z-]+):\S+", rf"\1:{__version__}", pod.read_text(encoding="utf-8")),
    }


def _without_helm(document: dict[str, Any]) -> dict[str, Any]:
    metadata = document["metadata"]
    for key in ("helm.sh/chart", "app.kubernetes.io/managed-by"):
        metadata.get("labels", {}).pop(key, None)
    metadata.get("annotations", {}).pop("helm.sh/resource-policy", None)
    if not metadata.get("annotations", True):
        del metadata["annotations"]
    return document


if __name__ == "__main__":
    sys.exit(main())
