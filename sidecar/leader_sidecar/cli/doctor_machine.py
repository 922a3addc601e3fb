"""Owns what `doctor` looks at on this machine: clock, time namespace, sandbox, the ports to listen on."""

import enum
import errno
import socket
from collections.abc import Callable
from pathlib import Path

from leader_sidecar.cli.asking import Refused, Sidecar, Unreachable
from leader_sidecar.cli.findings import Finding, hint, ok, skipped, wrong
from leader_sidecar.runtime.names import ListenAddress

# What gVisor's kernel has always said of itself.
_GVISOR = "#1 SMP Sun Jan 10 15:06:54 PST 2016"
_ASK_S = 2.0


def clock_findings(now_s: Callable[[], float], proc: Path = Path("/proc")) -> list[Finding]:
    """Look at the clock that leadership is counted on.

    Args:
        now_s: boottime seconds.
        proc: where the kernel tells about itself.
    """
    try:
        first_s, second_s = now_s(), now_s()
    except (OSError, AttributeError) as error:
        return [
            wrong(
                "clock",
                f"CLOCK_BOOTTIME cannot be read ({error})",
                "run the sidecar on a Linux kernel, 2.6.39 or newer",
            )
        ]
    if second_s < first_s:
        return [
            wrong(
                "clock",
                f"CLOCK_BOOTTIME went back by {first_s - second_s:g}s",
                "replace this machine or its hypervisor",
            )
        ]
    findings = [ok("clock", f"CLOCK_BOOTTIME works, {first_s:.0f}s since boot")]
    if _GVISOR in _text(proc / "version"):
        findings.append(
            hint(
                "clock sandbox",
                "this looks like gVisor: its CLOCK_BOOTTIME stands still in suspend; only tokens protect then",
            )
        )
    offset = _boottime_offset(_text(proc / "self" / "timens_offsets"))
    if offset:
        findings.append(
            hint(
                "clock namespace",
                f"a time namespace shifts CLOCK_BOOTTIME by {offset}s: instants compare in this container only",
            )
        )
    return findings


def _boottime_offset(text: str) -> int:
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] in ("boottime", "7") and words[1].lstrip("-").isdigit():
            return int(words[1])
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


class _Bind(enum.Enum):
    """How an attempt to bind a port ended."""

    FREE = enum.auto()
    TAKEN = enum.auto()
    DENIED = enum.auto()
    ABSENT = enum.auto()


_ERRORS = {
    errno.EACCES: _Bind.DENIED,
    errno.EPERM: _Bind.DENIED,
    errno.EADDRNOTAVAIL: _Bind.ABSENT,
    errno.EAFNOSUPPORT: _Bind.ABSENT,
}


def listen_finding(address: ListenAddress) -> Finding:
    """Look whether the app's port is free, or answered by a sidecar already."""
    return _port_finding("port for the app", "--listen", address)


def probe_finding(address: ListenAddress) -> Finding:
    """Look whether the port for probes is free, or answered by a sidecar already."""
    return _port_finding("port for probes", "--probe-listen", address)


def _port_finding(check: str, flag: str, address: ListenAddress) -> Finding:
    if address.port == 0:
        return skipped(check, f"{address} lets the kernel choose")
    binds = {_bind(host, address.port) for host in address.hosts}
    elsewhere = f"leader-sidecar run {flag} {_another(address)}"
    if _Bind.DENIED in binds:
        return wrong(check, f"this user may not listen on {address}", elsewhere)
    if binds == {_Bind.ABSENT}:
        return wrong(check, f"{address} is no address of this machine", elsewhere)
    if _Bind.TAKEN not in binds:
        # One of two families may be missing on a machine: the sidecar then serves the other.
        return ok(check, f"{address} is free; no sidecar runs here yet")
    holder = _holder(address, "/leader" if flag == "--listen" else "/livez")
    if not holder:
        return ok(check, f"a sidecar answers at {address}")
    return wrong(check, f"{address} is taken by {holder}", elsewhere)


def _bind(host: str, port: int) -> _Bind:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As servers do: a connection that ended a moment ago does not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if ":" in host:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((host, port))
    except OSError as error:
        return _ERRORS.get(error.errno or 0, _Bind.TAKEN)
    return _Bind.FREE


def _holder(address: ListenAddress, path: str) -> str:
    """Say what holds the port, "" for a sidecar."""
    sidecar = Sidecar(
        {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host), address.port
    )
    try:
        if path == "/leader":
            sidecar.answer()
            return ""
        status = sidecar.get(path, _ASK_S).status
    except Unreachable:
        return "something that does not answer as a sidecar does"
    except Refused:
        return "something that is no sidecar"
    return "" if status in (200, 503) else f"something that answers {status} for {path}"


def _another(address: ListenAddress) -> ListenAddress:
    return ListenAddress(address.host, address.port + 10 if address.port + 10 <= 65535 else address.port - 10)
