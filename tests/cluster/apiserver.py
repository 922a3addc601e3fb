"""A real kube-apiserver with its etcd: RBAC on, service-account tokens, a certificate authority of its own.

By hand: `PYTHONPATH=tests python -m cluster.apiserver --kubeconfig FILE` runs one until ctrl-C.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import signal
import ssl
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from cluster.certificates import Authority
from cluster.commands import etcd_command, server_command
from cluster.kubeconfig import write_kubeconfig
from cluster.processes import Process, free_port
from cluster.programs import Programs, ProgramsMissing, find_programs
from cluster.rest import RestClient, RestError
from cluster.tokens import expired

_READY_S = 60.0
_POLL_S = 0.1
_ATTEMPTS = 3


class ApiServer:
    """Own one etcd and one kube-apiserver: start them, ask them for what a test needs, disturb them, remove them.

    Requests without credentials are refused with 401 (anonymous access is off). `etcd` and `server` are processes
    that a test may `pause`, `resume`, `kill` and `start` again (`wait_ready` then says when it serves again); ports,
    certificates and data stay the same.

        with ApiServer() as api:
            api.make_namespace("demo")
            api.make_service_account("demo", "candidate")
            api.grant("demo", "candidate", ["get", "update", "watch"], names=["payouts"])
            api.kubeconfig_with_token(file, "demo", "candidate")

    Args:
        programs: which programs to run; found, or built, when None.
    """

    etcd: Process
    server: Process
    admin: RestClient

    def __init__(self, programs: Programs | None = None) -> None:
        self.programs = programs
        self.folder = Path()
        self.url = ""
        self.etcd_url = ""
        self._authority: Authority | None = None

    def start(self) -> Self:
        """Start both programs and wait until the API server is ready, at most 60 s.

        Raises: ProgramsMissing when there is nothing to run; RuntimeError with the log's end when it gets not ready.
        """
        programs = self.programs = self.programs or find_programs()
        for attempt in range(_ATTEMPTS):
            try:
                self._start_once(programs)
                return self
            except RuntimeError as error:
                self.stop()
                # A port that was free when it was chosen may have been taken by another test since.
                if attempt == _ATTEMPTS - 1 or "address already in use" not in str(error):
                    raise
            except BaseException:
                self.stop()
                raise
        raise AssertionError("the last attempt returns or raises")

    def stop(self) -> None:
        """End both processes and remove their data. Does nothing when nothing was started."""
        for name in ("server", "etcd"):
            process = getattr(self, name, None)
            if process is not None:
                # Gently would wait for open watches, and nothing of it is needed any more.
                process.kill()
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = Path()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ca_file(self) -> Path:
        """Return the file of the authority that signed the server's certificate."""
        return self._issuer.ca_file

    def client_tls(self) -> ssl.SSLContext:
        """Make the context of a client that knows the server and has no certificate of its own, but perhaps a token."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(self.ca_file)
        return tls

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """Wait until `/readyz` answers 200.

        Raises: RuntimeError with the end of the log when a process ended or the time is over.
        """
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            for process in (self.etcd, self.server):
                if process.pid is None:
                    raise RuntimeError(f"{Path(process.command[0]).name} ended:\n{process.log_tail()}")
            try:
                self.admin.request("GET", "/readyz", timeout_s=2.0)
                return
            except (OSError, http.client.HTTPException, RestError):
                time.sleep(_POLL_S)
        raise RuntimeError(f"kube-apiserver was not ready after {timeout_s:g} s:\n{self.server.log_tail()}")

    def make_namespace(self, name: str) -> None:
        """Make a namespace; one that exists is left as it is."""
        self._make("/api/v1/namespaces", {"metadata": {"name": name}})

    def make_service_account(self, namespace: str, name: str) -> None:
        """Make a service account; one that exists is left as it is."""
        self._make(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})

    def grant(
        self,
        namespace: str,
        service_account: str,
        verbs: Sequence[str],
        *,
        resource: str = "leases",
        group: str = "coordination.k8s.io",
        names: Sequence[str] = (),
    ) -> None:
        """Allow a service account these verbs on a resource in its namespace: a Role and its RoleBinding.

        The API server acts on it within about a second; `wait_allowed` says when.

        Args:
            verbs: such as `get`, `update`, `watch`.
            names: the only objects it may touch; all when empty.
        """
        base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        rule = {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
        if names:
            rule["resourceNames"] = list(names)
        metadata = {"generateName": f"{service_account}-"}
        role = self.admin.request("POST", f"{base}/roles", {"metadata": metadata, "rules": [rule]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"]}
        subject = {"kind": "ServiceAccount", "name": service_account, "namespace": namespace}
        binding = {"metadata": metadata, "roleRef": reference, "subjects": [subject]}
        self.admin.request("POST", f"{base}/rolebindings", binding)
        name = names[0] if names else ""
        self.wait_allowed(namespace, service_account, verbs[-1], resource=resource, group=group, name=name)

    def wait_allowed(
        self,
        namespace: str,
        service_account: str,
        verb: str,
        *,
        resource: str,
        group: str,
        name: str,
        wait_s: float = 10.0,
    ) -> None:
        """Wait until the API server acts on a grant.

        Raises: RuntimeError when it does not within `wait_s`.
        """
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource, "name": name}
        spec = {"user": f"system:serviceaccount:{namespace}:{service_account}", "resourceAttributes": attributes}
        deadline_s = time.monotonic() + wait_s
        while time.monotonic() < deadline_s:
            review = self.admin.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": spec})
            if review["status"]["allowed"]:
                return
            time.sleep(0.02)
        raise RuntimeError(f"{service_account} may still not {verb} {resource} after {wait_s:g} s")

    def token(self, namespace: str, service_account: str, expires_s: int = 3600) -> str:
        """Ask for a real token of a service account (TokenRequest).

        Args:
            expires_s: the server takes nothing under 600.
        """
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        return str(self.admin.request("POST", path, {"spec": {"expirationSeconds": expires_s}})["status"]["token"])

    def expired_token(self, namespace: str, service_account: str) -> str:
        """Make a token that this server gave once and that has ended since."""
        option = next(one for one in self.server.command if one.startswith("--service-account-signing-key-file="))
        return expired(self.token(namespace, service_account), Path(option.partition("=")[2]))

    def kubeconfig_with_token(self, file: Path, namespace: str, service_account: str, expires_s: int = 3600) -> Path:
        """Write a kubeconfig with a new token of a service account. Returns: `file`."""
        token = self.token(namespace, service_account, expires_s)
        return write_kubeconfig(file, self.url, ca_file=self.ca_file, token=token, namespace=namespace)

    def kubeconfig_with_certificate(
        self, file: Path, user: str = "admin", groups: tuple[str, ...] = ("system:masters",), namespace: str = "default"
    ) -> Path:
        """Write a kubeconfig with a client certificate; by default of one who may do everything. Returns: `file`."""
        certificate = self._issuer.issue_client(user, groups)
        return write_kubeconfig(file, self.url, ca_file=self.ca_file, certificate=certificate, namespace=namespace)

    def compact(self, revision: int) -> None:
        """Drop etcd's history below a resourceVersion, as happens every five minutes on a real cluster."""
        data = json.dumps({"revision": str(revision), "physical": True}).encode()
        with urllib.request.urlopen(f"{self.etcd_url}/v3/kv/compaction", data, timeout=10.0) as answer:
            answer.read()

    @property
    def _issuer(self) -> Authority:
        if self._authority is None:
            raise RuntimeError("start the API server first")
        return self._authority

    def _make(self, path: str, body: dict[str, Any]) -> None:
        try:
            self.admin.request("POST", path, body)
        except RestError as error:
            if error.status != 409:
                raise

    def _start_once(self, programs: Programs) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leader-sidecar-apiserver-"))
        authority = self._authority = Authority(self.folder)
        client_port, peer_port, port = free_port(), free_port(), free_port()
        self.url, self.etcd_url = f"https://127.0.0.1:{port}", f"http://127.0.0.1:{client_port}"
        etcd = etcd_command(programs.etcd, self.folder, client_port, peer_port)
        self.etcd = Process(etcd, self.folder / "etcd.log", self.folder)
        server = server_command(programs.kube_apiserver, authority, port, self.etcd_url)
        self.server = Process(server, self.folder / "kube-apiserver.log", self.folder)
        self.admin = RestClient(self.url, self.ca_file, authority.issue_client("admin", ("system:masters",)))
        self.etcd.start()
        self.server.start()
        self.wait_ready()


def main(argv: Sequence[str] | None = None) -> int:
    """Run an API server until ctrl-C or SIGTERM. Returns: the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cluster.apiserver", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--kubeconfig", required=True, type=Path, metavar="FILE", help="where to write an administrator's kubeconfig"
    )
    arguments = parser.parse_args(argv)
    signals = {signal.SIGINT, signal.SIGTERM}
    try:
        programs = find_programs()
        # From here on a signal waits for `sigwait`, so that what is started is always ended.
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        with ApiServer(programs) as api:
            api.kubeconfig_with_certificate(arguments.kubeconfig)
            print(f"{api.url} is ready: export KUBECONFIG={arguments.kubeconfig.resolve()}", flush=True)
            signal.sigwait(signals)
    except (ProgramsMissing, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
