"""Owns the check of a sidecar that runs against the description that it serves, by schemathesis."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import leader_sidecar

_SETTINGS = Path(__file__).with_name("schemathesis.toml")
_PATH = os.pathsep.join(str(folder) for folder in (Path(leader_sidecar.__file__).parents[1], _SETTINGS.parents[1]))
_TIMEOUT_S = 90.0
_ENDLESS = ("events", "eventsOf")
_LAST = ("resign", "resignOf")
"""After these the sidecar leads no more, and may have to stay out for an hour."""


def run_schemathesis(base_url: str) -> None:
    """Ask everything that `/openapi.yaml` describes, and much that it does not allow; the pod resigns in the end.

    Args:
        base_url: of a sidecar that leads, such as `http://127.0.0.1:8080`.

    Raises:
        AssertionError: with what schemathesis tells of the failures.
    """
    _run(base_url, *(f"--exclude-operation-id={name}" for name in (*_ENDLESS, *_LAST)))
    _run(base_url, *(f"--include-operation-id={name}" for name in _LAST))


def _run(base_url: str, *chosen: str) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(_SETTINGS), "--no-color"]
    with tempfile.TemporaryDirectory() as elsewhere:
        ended = subprocess.run(
            [*command, "run", f"{base_url}/openapi.yaml", *chosen],
            cwd=elsewhere,
            env={**os.environ, "PYTHONPATH": _PATH},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout
