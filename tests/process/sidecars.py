"""A sidecar as a process, and a group of them that stand in one election."""

from __future__ import annotations

import http.client
import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cluster.logs import json_lines
from cluster.processes import Process

START_S = 20.0
QUICK = (
    *("--lease-duration", "3s", "--renew-deadline", "2s", "--renew-interval", "500ms"),
    *("--retry-period", "200ms", "--stop-margin", "500ms"),
)
"""Timings of an election that a test can wait for."""

D_S = 3.0
"""Their lease duration."""

MARGIN_S = 2.0
"""What two cores may take that run three sidecars, a server, a poller and a test."""

_PROGRAM = (sys.executable, "-m", "leader_sidecar")

T = TypeVar("T")


def wait_for(what: Callable[[], T | None], within_s: float, whose: str, every_s: float = 0.01) -> T:
    """Ask until something comes of it, with `every_s` between two questions.

    Raises: AssertionError when nothing came within `within_s`.
    """
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        got = what()
        if got:
            return got
        time.sleep(every_s)
    raise AssertionError(f"{whose} within {within_s:g} s: no")


class SidecarProcess:
    """Run one sidecar.

    Args:
        folder: for its log.
        kubeconfig: of its API server.
        elections: `namespace/name`, one or more.
        pod_name: its pod; the pod's uid is made up for it.
        settings: further flags.
        program: what to run in the place of `python -m leader_sidecar`.
        environment: what it gets beside the environment of the tests.
    """

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path,
        elections: Sequence[str],
        pod_name: str,
        settings: Sequence[str] = QUICK,
        program: Sequence[str] = _PROGRAM,
        pod_uid: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.pod_name = pod_name
        self.pod_uid = pod_uid or str(uuid.uuid4())
        flags = ["--kubeconfig", str(kubeconfig), "--pod-name", pod_name, "--pod-uid", self.pod_uid]
        flags += [part for election in elections for part in ("--election", election)]
        flags += ["--listen", "localhost:0", "--probe-listen", "127.0.0.1:0"]
        # At debug it tells renewals, without which no log shows when the term of a killed one ended.
        flags += ["--log-format", "json", "--log-level", "debug", *settings]
        log = folder / f"{pod_name}.log"
        self.process = Process([*program, "run", *flags], log, folder / "none", environment)
        self._seen = 0
        self.port = 0
        self.probe_port = 0

    def start(self) -> SidecarProcess:
        """Start it and wait until it serves."""
        self._seen = len(self.lines())
        self.process.start()
        serving = wait_for(self._serving, START_S, f"{self.pod_name} serves:\n{self.process.log_tail()}")
        self.port, self.probe_port = serving["port"], serving["probe_port"]
        return self

    def lines(self) -> list[dict[str, Any]]:
        """Return every line of its log, over restarts."""
        return json_lines(self.process.log_file)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of its log that tell this event."""
        return [line for line in self.lines() if line["event"] == name]

    def get(self, path: str, *, method: str = "GET", probe: bool = False, within_s: float = 5.0) -> tuple[int, str]:
        """Ask once; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.probe_port if probe else self.port, timeout=within_s)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def document(self, path: str = "/leader") -> dict[str, Any]:
        """Return the document of an election."""
        status, body = self.get(path)
        assert status == 200, body
        document: dict[str, Any] = json.loads(body)
        return document

    @property
    def token(self) -> int:
        """Return the token of a sidecar that leads."""
        document = self.document()
        assert document["isLeader"], document
        return int(document["token"])

    @property
    def leads(self) -> bool:
        """Ask whether it leads; one that does not answer does not."""
        try:
            return bool(self.document()["isLeader"])
        except (OSError, http.client.HTTPException):
            return False

    def _serving(self) -> dict[str, Any] | None:
        assert self.process.pid, f"{self.pod_name} ended:\n{self.process.log_tail()}"
        return next((line for line in self.lines()[self._seen :] if line["event"] == "serving"), None)


class Group:
    """Some sidecars of one election."""

    def __init__(self, sidecars: Sequence[SidecarProcess]) -> None:
        self.sidecars = list(sidecars)

    @property
    def ports(self) -> dict[str, int]:
        """Return where each answers its app."""
        return {one.pod_name: one.port for one in self.sidecars}

    def others(self, than: SidecarProcess) -> list[SidecarProcess]:
        """Return all but one."""
        return [one for one in self.sidecars if one is not than]

    def leader(self, within_s: float, *, other_than: SidecarProcess | None = None) -> SidecarProcess:
        """Wait for one that leads."""
        candidates = [one for one in self.sidecars if one is not other_than]
        return wait_for(lambda: next((one for one in candidates if one.leads), None), within_s, "somebody leads")
