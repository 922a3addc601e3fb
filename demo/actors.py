"""Owns the processes of a demonstration: an API server and sidecars, each started, signalled and ended by its pid."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

ELECTION = "default/payouts"
TIMING = (
    *("--lease-duration", "5s", "--renew-deadline", "3s", "--renew-interval", "1s"),
    *("--retry-period", "500ms", "--stop-margin", "500ms"),
)
_PATH = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
_START_S = 20.0
_END_S = 10.0

T = TypeVar("T")


class DemoError(Exception):
    """Something did not happen; the message says what, and where to look."""


def wait_for(what: Callable[[], T | None], within_s: float, whose: str) -> T:
    """Ask twenty times a second until something comes of it.

    Raises: DemoError when nothing came within `within_s`.
    """
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        got = what()
        if got:
            return got
        time.sleep(0.005)
    raise DemoError(f"{whose} did not happen within {within_s:g} s")


def free_ports(wanted: Sequence[int]) -> list[int]:
    """Choose each of these ports, or the next one that is free on both loopback families."""
    chosen: list[int] = []
    for port in wanted:
        while port in chosen or not _is_free(port):
            port += 1
        chosen.append(port)
    return chosen


def _is_free(port: int) -> bool:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as client:
            client.settimeout(0.2)
            if client.connect_ex((host, port)) == 0:
                return False
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Actor:
    """One process with its log in `folder`."""

    def __init__(self, name: str, folder: Path, program: Sequence[str], **environment: str) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        with self.log_file.open("ab") as log:
            command = [sys.executable, "-m", *program]
            # A session of its own: ctrl-C is for the demonstration, which then ends its actors in order.
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": _PATH, **environment},
            )

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.child.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.child.send_signal(number)

    def end(self) -> None:
        """End it, gently first, and wait for it."""
        if not self.runs:
            return
        self.child.terminate()
        try:
            self.child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(_END_S)


class Sidecar(Actor):
    """A sidecar of one pod, which stands in `ELECTION`."""

    def __init__(self, name: str, folder: Path, kubeconfig: Path, port: int) -> None:
        self.port = port
        flags = ["--election", ELECTION, "--pod-name", name, "--pod-uid", str(uuid.uuid4()), "--create-lease"]
        flags += ["--kubeconfig", str(kubeconfig), "--listen", f"localhost:{port}", "--probe-listen", "127.0.0.1:0"]
        super().__init__(name, folder, ["leader_sidecar", "run", *flags, *TIMING])

    @property
    def url(self) -> str:
        """Where its app asks."""
        return f"localhost:{self.port}/leader"

    def answer(self) -> dict[str, Any] | None:
        """Ask who leads; None where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1.0)
        try:
            connection.request("GET", "/leader")
            document: dict[str, Any] = json.load(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return document


class App(Actor):
    """The app beside a sidecar."""

    def __init__(self, sidecar: Sidecar, folder: Path, ledger_url: str) -> None:
        url = f"http://localhost:{sidecar.port}"
        super().__init__(f"{sidecar.name}-app", folder, ["housekeeping.app"], LEADER_URL=url, LEDGER_URL=ledger_url)
        self.sidecar = sidecar


class LedgerProcess(Actor):
    """The ledger that all apps write to."""

    def __init__(self, folder: Path, seed: int, *, guarded: bool) -> None:
        flags = ["--listen", "127.0.0.1:0", "--database", str(folder / "ledger.db"), "--seed", str(seed)]
        super().__init__("ledger", folder, ["housekeeping.ledger", *flags, *([] if guarded else ["--no-guard"])])

    @property
    def url(self) -> str:
        """Where it is asked, "" before it serves."""
        for line in self.log_file.read_text().splitlines():
            with contextlib.suppress(ValueError):
                return f"http://127.0.0.1:{json.loads(line)['port']}"
        return ""


@contextlib.contextmanager
def stage(folder: Path, ports: Sequence[int]) -> Iterator[list[Sidecar]]:
    """Run an API server and a sidecar on each port; end them all.

    Raises: DemoError when one of them does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kubeconfig = folder / "kubeconfig"
    actors = [
        Actor(
            "devserver",
            folder,
            ["leader_sidecar", "devserver", "--listen", "127.0.0.1:0", "--kubeconfig", str(kubeconfig)],
        )
    ]
    try:
        wait_for(kubeconfig.exists, _START_S, "the start of the API server")
        sidecars = [Sidecar(f"payouts-{number}", folder, kubeconfig, port) for number, port in enumerate(ports)]
        actors += sidecars
        for sidecar in sidecars:
            wait_for(lambda one=sidecar: one.answer() or not one.runs, _START_S, f"the start of {sidecar.name}")  # type: ignore[misc]
            if not sidecar.runs:
                raise DemoError(f"{sidecar.name} ended: {sidecar.log_file.read_text().strip()}")
        yield sidecars
    finally:
        for actor in reversed(actors):
            actor.end()
