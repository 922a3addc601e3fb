"""Follows docs/runbook.md to the letter: the commands of a section are read from it and run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from cluster.kind import KindCluster
from cluster.programs import CACHE

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
EXAMPLE = "payouts"
"""The release, namespace and election of the runbook's commands."""
_LIMIT_S = 240.0


class UnknownDisaster(Exception):
    """The runbook has no such section, or none with commands."""


def steps(disaster: str, text: str) -> list[tuple[str, str]]:
    """Read the commands of a section.

    Args:
        disaster: its heading.
        text: the runbook.

    Returns: pairs of place and command; the place is `$` (where kubectl is), `control-plane#` or `every-node#`.
    Raises: UnknownDisaster.
    """
    found = re.search(rf"^## {re.escape(disaster)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```console\n(.*?)^```", found[1] if found else "", re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^(\$|control-plane#|every-node#) ((?:.*\\\n)*.*)$", "".join(blocks), re.MULTILINE)
    if not commands:
        raise UnknownDisaster(f"{RUNBOOK} has no commands under {disaster!r}")
    return [(place, command) for place, command in commands]


def follow(cluster: KindCluster, disaster: str, namespace: str, **values: str) -> str:
    """Run the commands of a section, one after the other; return what they printed.

    Args:
        namespace: in the place of the runbook's example.
        values: in the place of words in capitals, such as FLOOR.
    """
    printed = ""
    for place, command in steps(disaster, RUNBOOK.read_text()):
        command = re.sub(rf"\b{EXAMPLE}\b", namespace, command)
        for word, value in values.items():
            command = re.sub(rf"\b{word}\b", value, command)
        nodes = {"$": [], "control-plane#": [cluster.control_plane]}.get(
            place, [cluster.control_plane, *cluster.workers]
        )
        if place == "$":
            printed += _here(cluster, command)
        for node in nodes:
            printed += cluster.on_node(node, "bash", "-euc", command, limit_s=_LIMIT_S)
    return printed


def _here(cluster: KindCluster, command: str) -> str:
    path = f"{os.environ['PATH']}:{CACHE}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "KUBECONFIG": str(cluster.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
