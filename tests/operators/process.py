"""An operator as a process."""

from __future__ import annotations

import http.client
import re
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.logs import json_lines
from cluster.processes import Process
from operators.cluster import OPERATORS, wait_for

START_S = 60.0
QUICK = (
    *("--lease-duration", "6s", "--renew-deadline", "4500ms", "--renew-interval", "1s"),
    *("--retry-period", "500ms", "--stop-margin", "500ms"),
)
"""Timings of the operators' own election where a test waits for it to be lost or taken over."""


class OperatorProcess:
    """Run `leader-sidecar operator`.

    Args:
        folder: for its log.
        kubeconfig: of its API server.
        election: the Lease of the operators.
        pod_name: its pod.
        settings: further flags.
    """

    def __init__(
        self, folder: Path, kubeconfig: Path, election: str, pod_name: str, settings: Sequence[str] = ()
    ) -> None:
        self.pod_name = pod_name
        flags = ["--kubeconfig", str(kubeconfig), "--election", f"{OPERATORS}/{election}", "--pod-name", pod_name]
        flags += ["--pod-uid", str(uuid.uuid4()), "--probe-listen", "127.0.0.1:0", "--log-format", "json", *settings]
        command = [sys.executable, "-m", "leader_sidecar", "operator", *flags]
        self.process = Process(command, folder / f"{pod_name}.log", folder / "none")
        self._seen = 0
        self._port = 0

    def start(self) -> OperatorProcess:
        """Start it and wait until it serves."""
        self._seen = len(self.lines())
        self.process.start()
        self._port = wait_for(self._serving, START_S, f"{self.pod_name} serves")["probe_port"]
        return self

    def lines(self) -> list[dict[str, Any]]:
        """Return every line of its log, over restarts."""
        return json_lines(self.process.log_file)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines that tell this event."""
        return [line for line in self.lines() if line["event"] == name]

    @property
    def acts(self) -> bool:
        """Say whether it began to act since it was started, and did not end to."""
        told = [line["event"] for line in self.lines()[self._seen :] if line["event"] in ("acting", "resting")]
        return bool(told) and told[-1] == "acting"

    def get(self, path: str) -> tuple[int, str]:
        """Ask its probe port; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5.0)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return sum(map(float, values))

    @property
    def memory_mib(self) -> float:
        """Return the resident memory at its highest."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def _serving(self) -> dict[str, Any] | None:
        assert self.process.pid, f"{self.pod_name} ended:\n{self.process.log_tail()}"
        return next((line for line in self.lines()[self._seen :] if line["event"] == "serving"), None)
