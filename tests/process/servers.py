"""The API server under a group of sidecars: the development server as a process, or a real kube-apiserver."""

from __future__ import annotations

import json
import secrets
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError

from cluster.apiserver import ApiServer
from cluster.processes import Process
from cluster.rest import RestError
from process.sidecars import wait_for

START_S = 20.0


class Server(Protocol):
    """What a process test asks of either server."""

    @property
    def process(self) -> Process:
        """The program that answers requests: to pause, kill and start again."""

    def kubeconfig(self, folder: Path, namespace: str, elections: Sequence[str]) -> Path:
        """Make the namespace and unheld Leases, and a kubeconfig that may do what the chart's Role allows."""

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask as an administrator; returns the answer's JSON."""


class DevServerProcess:
    """Run `leader-sidecar devserver` as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._kubeconfig = folder / "devserver.kubeconfig"
        arguments = ["devserver", "--listen", "127.0.0.1:0", "--kubeconfig", str(self._kubeconfig)]
        command = [sys.executable, "-m", "leader_sidecar", *arguments]
        self.process = Process(command, folder / "devserver.log", folder / "none")
        self.process.start()
        deadline_s = time.monotonic() + START_S
        while not self._kubeconfig.exists():
            assert self.process.pid, self.process.log_tail()
            assert time.monotonic() < deadline_s, self.process.log_tail()
            time.sleep(0.02)
        document = json.loads(self._kubeconfig.read_text())
        self.url: str = document["clusters"][0]["cluster"]["server"]
        # Started again, it takes the same port.
        command[command.index("127.0.0.1:0")] = self.url.removeprefix("http://")

    def kubeconfig(self, folder: Path, namespace: str, elections: Sequence[str]) -> Path:
        """Make unheld Leases; everybody may do everything here."""
        for election in elections:
            self.request("POST", leases(namespace), lease(election))
        return self._kubeconfig

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask over plain HTTP."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(asked, timeout=10.0) as answer:
            return json.load(answer)


class RealServer:
    """Lend a real kube-apiserver, with a service account and a Role for each election."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    @property
    def process(self) -> Process:
        """kube-apiserver itself; its etcd goes on."""
        return self._api.server

    def kubeconfig(self, folder: Path, namespace: str, elections: Sequence[str]) -> Path:
        """Make what the chart makes: namespace, Leases, account, and a Role on those Leases, plus Events."""
        self._api.make_namespace(namespace)
        self._api.make_service_account(namespace, "candidate")
        self._api.grant(namespace, "candidate", ["get", "update", "watch"], names=elections)
        self._api.grant(namespace, "candidate", ["create"], resource="events", group="events.k8s.io")
        for election in elections:
            self.request("POST", leases(namespace), lease(election))
        file = folder / f"candidate-{secrets.token_hex(4)}.kubeconfig"
        return self._api.kubeconfig_with_token(file, namespace, "candidate")

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask as a member of system:masters."""
        return self._api.admin.request(method, path, body)


def leases(namespace: str, name: str = "") -> str:
    """Name the path of a namespace's Leases, or of one."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases" + (f"/{name}" if name else "")


def lease(name: str) -> dict[str, Any]:
    """Make an unheld Lease."""
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}


def edit(
    request: Callable[..., Any], path: str, change: Callable[[dict[str, Any]], object], within_s: float, part: str = ""
) -> None:
    """Write an object as a person with an editor does: again, when somebody else was faster.

    Args:
        request: as `Server.request`.
        change: changes the body.
        part: "/status" where that is written.

    Raises: AssertionError when that did not succeed within `within_s`.
    """

    def written() -> bool:
        body = request("GET", path)
        change(body)
        try:
            request("PUT", path + part, body)
        except (RestError, HTTPError) as error:
            if error.status != 409:
                raise
            return False
        return True

    wait_for(written, within_s, f"the edit of {path} is taken")
