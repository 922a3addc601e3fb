"""Owns one candidate as a process, sidecar or client-go elector, seen from outside: its port, answers and cost."""

from __future__ import annotations

import http.client
import json
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.elector import find_elector
from bench.figures import CLIENT_GO
from cluster.processes import Process, free_port

_START_S = 20.0
_ANSWER_S = 1.0
_PAUSE_S = 0.001


@dataclass(frozen=True)
class Place:
    """Where a candidate stands: whose credentials it has, and for which Lease."""

    kubeconfig: Path
    user: str
    namespace: str
    lease: str


class Candidate:
    """Run one candidate with default timings.

    Args:
        kind: client-go or sidecar.
        name: of its pod; the holder's identity begins with it.
        folder: for its log.
    """

    def __init__(self, kind: str, name: str, place: Place, folder: Path) -> None:
        self.kind = kind
        self.name = name
        self.place = place
        self.port = free_port()
        command = self._client_go() if kind == CLIENT_GO else self._sidecar()
        self.process = Process(command, folder / f"{place.namespace}-{name}.log", folder / "none")

    def start(self) -> float:
        """Start it and wait for its first answer. Returns: the seconds that took. Raises: RuntimeError."""
        began_s = time.monotonic()
        self.process.start()
        while self.ask() is None:
            if self.process.pid is None or time.monotonic() > began_s + _START_S:
                raise RuntimeError(f"{self.kind} {self.name} does not answer:\n{self.process.log_tail()}")
            time.sleep(_PAUSE_S)
        return time.monotonic() - began_s

    def connect(self) -> http.client.HTTPConnection:
        """Make a connection to its answers."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)

    def ask(self) -> dict[str, Any] | None:
        """Ask on a connection of its own; None when nobody answers."""
        connection = self.connect()
        try:
            return ask(connection)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    @property
    def leads(self) -> bool:
        """Ask whether it leads; one that does not answer does not."""
        told = self.ask()
        return told is not None and bool(told["isLeader"])

    def cpu_s(self) -> float:
        """Return the processor time of all its threads so far."""
        return cpu_s(self._pid)

    def rss_mib(self) -> float:
        """Return its resident memory."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kib) / 1024

    @property
    def _pid(self) -> int:
        if self.process.pid is None:
            raise RuntimeError(f"{self.kind} {self.name} ended:\n{self.process.log_tail()}")
        return self.process.pid

    def _sidecar(self) -> list[str]:
        return [
            *(sys.executable, "-m", "leader_sidecar", "run"),
            *("--kubeconfig", str(self.place.kubeconfig)),
            *("--election", f"{self.place.namespace}/{self.place.lease}"),
            *("--pod-name", self.name, "--pod-uid", str(uuid.uuid4())),
            *("--listen", f"localhost:{self.port}", "--probe-listen", "127.0.0.1:0", "--log-format", "json"),
        ]

    def _client_go(self) -> list[str]:
        return [
            *(str(find_elector()), f"--kubeconfig={self.place.kubeconfig}", f"--namespace={self.place.namespace}"),
            *(f"--name={self.place.lease}", f"--identity={self.name}", f"--port={self.port}"),
        ]


def ask(connection: http.client.HTTPConnection) -> dict[str, Any]:
    """Ask for the document on a connection.

    Raises: OSError or HTTPException when there is no whole answer.
    """
    connection.request("GET", "/leader")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise http.client.HTTPException(f"{answer.status}: {body[:200]!r}")
    document: dict[str, Any] = json.loads(body)
    return document


def cpu_s(pid: int) -> float:
    """Return the processor time of all threads of a process, in nanoseconds' resolution: its CPU clock (Linux)."""
    return time.clock_gettime((~pid << 3) | 2)
