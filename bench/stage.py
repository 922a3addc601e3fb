"""Owns the candidates of one kind in one election of their own: started, replaced when they end, never left behind."""

from __future__ import annotations

import http.client
import secrets
import time
import urllib.parse
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.cable import Cable
from bench.candidates import Candidate, Place, ask
from bench.figures import CLIENT_GO
from cluster.apiserver import ApiServer
from cluster.kubeconfig import write_kubeconfig
from process.servers import lease, leases

ELECTION = "payouts"
LEASE_DURATION_S = 15.0
RENEW_INTERVAL_S = 5.0
_ELECTED_S = 60.0
_PAUSE_S = 0.02
_CLOSE_PAUSE_S = 0.002


class Stage:
    """Run candidates of one kind, each with a service account of its own.

    Attributes:
        kind: client-go or sidecar.
        candidates: those that have been started and not been dropped.
        cables: by candidate's name, when they are `cabled`.

    Args:
        folder: for logs and credentials.
        size: how many candidates there are.
        cabled: whether each has a cable of its own to the API server.
    """

    def __init__(self, api: ApiServer, folder: Path, kind: str, *, size: int = 3, cabled: bool = False) -> None:
        self.kind = kind
        self.api = api
        self.namespace = f"bench-{kind}-{secrets.token_hex(3)}"
        self.candidates: list[Candidate] = []
        self.cables: dict[str, Cable] = {}
        self._folder = folder
        self._cabled = cabled
        self._count = 0
        api.make_namespace(self.namespace)
        api.admin.request("POST", leases(self.namespace), lease(ELECTION))
        self._free = [self._account(number) for number in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for candidate in list(self.candidates):
            self.drop(candidate)

    def new(self) -> Candidate:
        """Add a candidate, a new pod, which is not started yet."""
        name = f"payouts-{self._count}"
        self._count += 1
        user = self._free.pop(0)
        url = self.api.url
        if self._cabled:
            port = urllib.parse.urlsplit(url).port
            assert port is not None
            cable = self.cables[name] = Cable(port).__enter__()
            url = f"https://127.0.0.1:{cable.port}"
        token = self.api.token(self.namespace, user, expires_s=7200)
        file = self._folder / f"{self.namespace}-{name}.kubeconfig"
        write_kubeconfig(file, url, ca_file=self.api.ca_file, token=token, namespace=self.namespace)
        candidate = Candidate(self.kind, name, Place(file, user, self.namespace, ELECTION), self._folder)
        self.candidates.append(candidate)
        return candidate

    def drop(self, candidate: Candidate) -> None:
        """Kill a candidate if it still runs, and forget it."""
        candidate.process.kill()
        self.candidates.remove(candidate)
        self._free.append(candidate.place.user)
        if cable := self.cables.pop(candidate.name, None):
            cable.__exit__(None, None, None)

    def fill(self) -> None:
        """Replace those that have ended: start candidates until all stand."""
        for candidate in list(self.candidates):
            if candidate.process.pid is None:
                self.drop(candidate)
        while self._free:
            self.new().start()

    def leader(self) -> Candidate:
        """Wait for the leader. Raises: RuntimeError when nobody leads within a minute."""
        return self._awaited(self.candidates, time.monotonic() + _ELECTED_S, _PAUSE_S)[0]

    def first_true(self, others_than: Candidate) -> tuple[Candidate, float]:
        """Wait for another leader, asking every few milliseconds.

        Returns: it, and the seconds of the monotonic clock at which it said so.
        """
        others = [one for one in self.candidates if one is not others_than]
        return self._awaited(others, time.monotonic() + _ELECTED_S, _CLOSE_PAUSE_S)

    def renewed_s(self) -> float:
        """Return when the Lease was last renewed, by the holder's wall clock."""
        spec = self.api.admin.request("GET", leases(self.namespace, ELECTION))["spec"]
        return datetime.fromisoformat(spec["renewTime"]).timestamp()

    def _account(self, number: int) -> str:
        name = f"{self.kind}-{number}"
        self.api.make_service_account(self.namespace, name)
        verbs = ["get", "update"] if self.kind == CLIENT_GO else ["get", "update", "watch"]
        self.api.grant(self.namespace, name, verbs, names=[ELECTION])
        if self.kind != CLIENT_GO:
            self.api.grant(self.namespace, name, ["create"], resource="events", group="events.k8s.io")
        return name

    def _awaited(self, whose: list[Candidate], deadline_s: float, pause_s: float) -> tuple[Candidate, float]:
        connections = [(one, one.connect()) for one in whose]
        try:
            while time.monotonic() < deadline_s:
                for one, connection in connections:
                    try:
                        if ask(connection)["isLeader"]:
                            return one, time.monotonic()
                    except (OSError, http.client.HTTPException):
                        connection.close()
                time.sleep(pause_s)
        finally:
            for _, connection in connections:
                connection.close()
        logs = "\n".join(f"{one.name}: {one.process.log_tail(3)}" for one in self.candidates)
        raise RuntimeError(f"nobody leads among {self.kind}:\n{logs}")
