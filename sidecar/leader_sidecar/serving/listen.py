"""Owns the binding of a port: both families on one number, and one clear line where that cannot be."""

import errno
import os
import socket
from typing import Protocol

_ATTEMPTS = 16
_BACKLOG = 128
_FAMILY_IS_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class Address(Protocol):
    """Where to listen; `runtime.names.ListenAddress` is one."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """IP addresses; where there are two, either family may be missing on the machine."""

    @property
    def port(self) -> int:
        """0 … 65535; 0 lets the kernel choose."""


class ListenError(Exception):
    """The address cannot be listened on; the message is one line that names flag, address and fix."""


def open_sockets(address: Address, flag: str) -> list[socket.socket]:
    """Listen on every host of an address, on one port.

    Args:
        address: where.
        flag: the setting it came from, for the message.

    Raises:
        ListenError: the port is taken, or may not be used, or no host of it is on this machine.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _open_all(address)
        except OSError as error:
            # The kernel chose a port that is free in one family only.
            if address.port == 0 and error.errno == errno.EADDRINUSE and attempt < _ATTEMPTS - 1:
                continue
            raise ListenError(_message(address, flag, error)) from None
    raise AssertionError("the last attempt returns or raises")


def _open_all(address: Address) -> list[socket.socket]:
    opened: list[socket.socket] = []
    absent: OSError | None = None
    port = address.port
    try:
        for host in address.hosts:
            try:
                opened.append(_open(host, port))
            except OSError as error:
                if error.errno not in _FAMILY_IS_ABSENT:
                    raise
                absent = error
                continue
            port = opened[0].getsockname()[1]
    except OSError:
        for one in opened:
            one.close()
        raise
    if not opened and absent is not None:
        raise absent
    return opened


def _open(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _message(address: Address, flag: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{flag} {address}: port {address.port} is taken: set {flag} to another, or end what listens there"
    reason = os.strerror(error.errno or 0).lower()
    return f"{flag} {address}: {reason}: set {flag} to an address and port that this process may use"
