"""How etcd and kube-apiserver are called for tests."""

from __future__ import annotations

from pathlib import Path

from cluster.certificates import Authority


def etcd_command(program: Path, folder: Path, client_port: int, peer_port: int) -> list[str]:
    """Return the call of an etcd of one member that keeps its data in `folder` and does not wait for the disk."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(program),
        "--name=tests",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=tests={peer}",
        # Nothing has to outlive the machine.
        "--unsafe-no-fsync=true",
        "--log-level=warn",
    ]


def server_command(program: Path, authority: Authority, port: int, etcd_url: str) -> list[str]:
    """Return the call of a kube-apiserver on 127.0.0.1 with RBAC, no anonymous access, and keys made by `authority`."""
    certificate, key = authority.issue_server("kube-apiserver")
    signing_key = authority.make_signing_key("service-account")
    return [
        str(program),
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={authority.ca_file}",
        "--authorization-mode=RBAC",
        "--anonymous-auth=false",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={signing_key}",
        f"--service-account-signing-key-file={signing_key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        # The default would publish 127.0.0.1 as the cluster's endpoint, which the API refuses.
        "--endpoint-reconciler-type=none",
    ]
