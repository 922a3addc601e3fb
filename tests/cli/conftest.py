"""The commands as people call them, and what they ask."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.servers import FakeSidecar, HttpServer
from leader_sidecar.cli.main import main

PACKAGES = str(Path(__file__).parents[2] / "sidecar")


@pytest.fixture
def sidecar() -> Iterator[FakeSidecar]:
    made = FakeSidecar()
    yield made
    made.http.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., HttpServer]]:
    """Serve the same answer to everything."""
    made: list[HttpServer] = []

    def start(status: int = 200, text: str = "", kind: str = "text/html") -> HttpServer:
        made.append(HttpServer(lambda *_: (status, kind, text)))
        return made[-1]

    yield start
    for one in made:
        one.close()


class Ended:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Call a command in this process."""

    def run(*argv: str) -> Ended:
        code = main(argv)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("LEADER_", "POD_", "KUBE")) or name in ("NO_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LEADER_SIDECAR_SERVICE_ACCOUNT_DIR", str(tmp_path / "no-service-account"))


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a command as a process of its own."""
    made: list[subprocess.Popen[str]] = []

    def run(*argv: str, **environ: str) -> "subprocess.Popen[str]":
        made.append(
            subprocess.Popen(
                [sys.executable, "-m", "leader_sidecar", *argv],
                env={**os.environ, "PYTHONPATH": PACKAGES, **environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return made[-1]

    yield run
    for one in made:
        if one.poll() is None:
            one.kill()
        one.communicate(timeout=10)
