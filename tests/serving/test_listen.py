"""How a port is bound: both loopback families, on one number, or one clear line."""

from __future__ import annotations

import socket

import pytest

from leader_sidecar.runtime.names import ListenAddress
from leader_sidecar.serving import listen
from leader_sidecar.serving.listen import ListenError, open_sockets


def addresses(opened: list[socket.socket]) -> list[tuple[str, int]]:
    """Where these listen; closes them."""
    found = [one.getsockname()[:2] for one in opened]
    for one in opened:
        one.close()
    return found


def test_localhost_is_both_families_on_one_port() -> None:
    (four, port), (six, other) = addresses(open_sockets(ListenAddress("localhost", 0), "--listen"))
    assert (four, six) == ("127.0.0.1", "::1")
    assert port == other != 0


def test_an_address_is_itself_alone() -> None:
    assert [host for host, _ in addresses(open_sockets(ListenAddress("127.0.0.1", 0), "--listen"))] == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_in_either_family_is_told_with_the_fix(host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"^--listen localhost:{port}: port {port} is taken: set --listen to"):
            open_sockets(ListenAddress("localhost", port), "--listen")
        with socket.socket() as other:  # what had been opened was closed again
            if ":" in host:
                other.bind(("127.0.0.1", port))


def test_a_machine_without_one_family_is_served_in_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    real = listen._open

    def without_ipv6(host: str, port: int) -> socket.socket:
        if ":" in host:
            raise OSError(listen.errno.EADDRNOTAVAIL, "no such address")
        return real(host, port)

    monkeypatch.setattr(listen, "_open", without_ipv6)
    assert [host for host, _ in addresses(open_sockets(ListenAddress("localhost", 0), "--listen"))] == ["127.0.0.1"]


def test_an_address_of_another_machine_is_told_with_the_fix() -> None:
    with pytest.raises(ListenError, match=r"^--probe-listen 192\.0\.2\.1:8081: .* set --probe-listen to an address"):
        open_sockets(ListenAddress("192.0.2.1", 8081), "--probe-listen")


def test_a_port_of_the_kernels_choice_that_one_family_lacks_is_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, refused = listen._open, []

    def taken_twice(host: str, port: int) -> socket.socket:
        if ":" in host and len(refused) < 2:
            refused.append(port)
            raise OSError(listen.errno.EADDRINUSE, "taken")
        return real(host, port)

    monkeypatch.setattr(listen, "_open", taken_twice)
    (_, port), _ = addresses(open_sockets(ListenAddress("localhost", 0), "--listen"))
    assert len(refused) == 2
    assert port
