"""Owns the syntax of names and addresses in settings: elections, pods, places to listen.

Each reader raises `ValueError` with the rest of a sentence that begins with the text and names the fix.
"""

import re
import socket
from dataclasses import dataclass

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]*):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True, order=True)
class ElectionName:
    """One election: one Lease. `namespace` is "" until the pod's own is filled in."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen.

    Args:
        host: an IP address, "localhost" for both loopback families, "" for every address of the pod.
        port: 0 … 65535; 0 lets the kernel choose.
    """

    host: str
    port: int

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses to bind; where there are two, either family may be missing on a machine."""
        return {"localhost": ("127.0.0.1", "::1"), "": ("0.0.0.0", "::")}.get(self.host, (self.host,))

    @property
    def is_loopback(self) -> bool:
        return self.host in ("localhost", "::1") or (_is_ipv4(self.host) and self.host.startswith("127."))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_label(text: str) -> str:
    """Read a DNS-1123 label, the syntax of a namespace."""
    if _LABEL.fullmatch(text) is None:
        raise ValueError("is not a DNS-1123 label: use up to 63 of a-z, 0-9 and '-', no '-' at the ends")
    return text


def read_subdomain(text: str) -> str:
    """Read a DNS-1123 subdomain, the syntax of a Lease's or a pod's name."""
    # A Lease's name is bounded as a whole; its parts are not bounded to 63 by the API server.
    if len(text) > 253 or not all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", part) for part in text.split(".")):
        raise ValueError(
            "is not a DNS-1123 subdomain: use up to 253 of a-z, 0-9, '-' and '.', a letter or digit at the ends"
        )
    return text


def read_elections(text: str) -> tuple[ElectionName, ...]:
    """Read `[NAMESPACE/]NAME`, or several with commas between them."""
    return tuple(_election(part.strip()) for part in text.split(","))


def _election(text: str) -> ElectionName:
    namespace, slash, name = text.rpartition("/")
    if not name or (slash and not namespace):
        raise ValueError("is not [NAMESPACE/]NAME: write it as payouts or default/payouts")
    try:
        return ElectionName(read_label(namespace) if slash else "", read_subdomain(name))
    except ValueError as fault:
        part = "namespace" if slash and not _LABEL.fullmatch(namespace) else "name"
        raise ValueError(f"has a {part} that {fault}") from None


def read_pod_uid(text: str) -> str:
    """Read a pod's uid, which is a UUID; what proves an earlier process dead must not be made up (DESIGN §12.9)."""
    if _UUID.fullmatch(text) is None:
        raise ValueError("is not a UUID: take it from the downward API (fieldRef metadata.uid) or leave it out")
    return text.lower()


def read_address(text: str) -> ListenAddress:
    """Read `HOST:PORT`, where HOST is an IP address, `[IPv6]`, `localhost` or nothing."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError("is not HOST:PORT: write it as localhost:8080, 127.0.0.1:0, [::1]:8080 or :8081")
    host, port = found["host"], int(found["port"])
    if port > 65535:
        raise ValueError(f"has port {port}: ports end at 65535")
    if host.startswith("["):
        host = host[1:-1]
        try:
            host = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, host))
        except OSError:
            raise ValueError("has no IPv6 address between its brackets: write it as [::1]:8080") from None
    elif host not in ("", "localhost") and not _is_ipv4(host):
        raise ValueError("names a host: write an IP address, localhost, or nothing for every address")
    return ListenAddress(host, port)


def read_loopback_address(text: str) -> ListenAddress:
    """Read `HOST:PORT` on loopback, the only place where an answer about this pod is true."""
    address = read_address(text)
    if not address.is_loopback:
        raise ValueError(
            "is not loopback: the answer is about this pod and may be acted on in this pod only, "
            f"and whoever reaches it may resign: write localhost:{address.port}"
        )
    return address


def _is_ipv4(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True
