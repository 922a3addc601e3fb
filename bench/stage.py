"""Owns the sidecars that are measured: three of one election, with default timings, replaced when they are ended."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from process.servers import RealServer
from process.sidecars import SidecarProcess, wait_for

ELECTION = "payouts"
_ELECTED_S = 40.0


class Stage:
    """Some sidecars of one election on one API server.

    Args:
        server: the API server.
        folder: for logs and credentials.
        namespace: of the election.
    """

    def __init__(self, server: RealServer, folder: Path, namespace: str) -> None:
        self._folder = folder
        self._namespace = namespace
        self._kubeconfig = server.kubeconfig(folder, namespace, [ELECTION])
        self._count = 0
        self.sidecars: list[SidecarProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for sidecar in self.sidecars:
            sidecar.process.kill()

    def new(self, *, started: bool = True) -> SidecarProcess:
        """Add a sidecar of a new pod."""
        name = f"payouts-{self._count}"
        self._count += 1
        elections = [f"{self._namespace}/{ELECTION}"]
        sidecar = SidecarProcess(self._folder, self._kubeconfig, elections, name, settings=())
        self.sidecars.append(sidecar)
        return sidecar.start() if started else sidecar

    def drop(self, sidecar: SidecarProcess) -> None:
        """Forget a sidecar that has ended."""
        sidecar.process.kill()
        self.sidecars.remove(sidecar)

    def fill(self) -> None:
        """Start sidecars until there are three."""
        while len(self.sidecars) < 3:
            self.new()

    def leader(self) -> SidecarProcess:
        """Wait for the leader."""
        return wait_for(lambda: next((one for one in self.sidecars if one.leads), None), _ELECTED_S, "somebody leads")
