"""Owns how the API server is found: inside a pod by what the kubelet puts there, outside by a kubeconfig."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leader_sidecar.kube.credentials import Credentials, TokenFault, TokenFile
from leader_sidecar.kube.tls import TlsFault, server_context

SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"
SERVICE_ACCOUNT_DIR_VARIABLE = "LEADER_SIDECAR_SERVICE_ACCOUNT_DIR"


class EndpointError(Exception):
    """The API server cannot be found or talked to as configured; the message is one line that names the fix."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API server is and what is needed to talk to it.

    Args:
        base_url: scheme, host, port and a path prefix where there is one, without a slash at the end.
        ssl_context: None for plain http.
        credentials: what goes into the Authorization header.
        namespace: where Leases without a namespace of their own are looked for; "" where nothing says.
        source: where all this comes from, for people.
        server_name: the name that the server's certificate must carry where it is not the URL's host; "" for the host.
        warnings: one line each, for the log at start-up.
    """

    base_url: str
    ssl_context: ssl.SSLContext | None = field(repr=False)
    credentials: Credentials
    namespace: str
    source: str
    server_name: str = ""
    warnings: tuple[str, ...] = ()


def load_endpoint(kubeconfig: str | None, env: Mapping[str, str]) -> Endpoint:
    """Find the API server: a kubeconfig that was named, else in-cluster, else KUBECONFIG, else ~/.kube/config.

    Args:
        kubeconfig: the file of `--kubeconfig`; None or "" for not given.
        env: the process environment.

    Raises: EndpointError with one line that names the fix.
    """
    if kubeconfig:
        return _from_kubeconfig([Path(kubeconfig).expanduser()], must_exist=True)
    host, port = env.get("KUBERNETES_SERVICE_HOST", ""), env.get("KUBERNETES_SERVICE_PORT", "")
    folder = Path(env.get(SERVICE_ACCOUNT_DIR_VARIABLE) or SERVICE_ACCOUNT_DIR)
    in_pod = bool(host and port)
    if in_pod and (folder / "token").exists():
        return _in_cluster(host, port, folder)
    named = [Path(part) for part in env.get("KUBECONFIG", "").split(":") if part]
    default = Path(env.get("HOME") or "/", ".kube", "config")
    if named or default.exists():
        return _from_kubeconfig(named or [default], must_exist=False)
    if in_pod:
        raise EndpointError(
            f"in a pod without a service-account token ({folder}/token): "
            "set automountServiceAccountToken: true in the pod's spec"
        )
    raise EndpointError(f"no API server: not in a pod, no KUBECONFIG and no {default}: name one with --kubeconfig FILE")


def _from_kubeconfig(files: list[Path], must_exist: bool) -> Endpoint:
    # Not needed in a pod, where every import costs memory.
    from leader_sidecar.kube.kubeconfig import load_kubeconfig

    return load_kubeconfig(files, must_exist=must_exist)


def _in_cluster(host: str, port: str, folder: Path) -> Endpoint:
    if not (port.isascii() and port.isdecimal()):
        raise EndpointError(f"KUBERNETES_SERVICE_PORT {port!r} is not a port: unset it, or let the kubelet set it")
    ca_file = folder / "ca.crt"
    try:
        context = server_context(ca_file.read_bytes())
        credentials = TokenFile(folder / "token")
    except OSError as error:
        raise EndpointError(
            f"cannot read {ca_file}: {error.strerror}: mount the service account's volume whole"
        ) from error
    except TlsFault as error:
        raise EndpointError(f"{ca_file} {error}: let the kubelet mount the cluster's authority there") from error
    except TokenFault as error:
        raise EndpointError(f"{error}: let the kubelet mount the service account's token there") from error
    try:
        namespace = (folder / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        namespace = ""
    return Endpoint(f"https://{bracketed(host)}:{port}", context, credentials, namespace, "in-cluster")


def bracketed(host: str) -> str:
    """Write a host as URLs want it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
