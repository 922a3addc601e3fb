"""Whoever reaches the app port does his worst to a leader: it goes on renewing, and goes on answering."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess
from process.survival import survives

TERM_S = D_S + MARGIN_S
IDLE = 1000
ROUNDS = 50

ATTACKS = {
    "a_name_that_is_not_ours": b"GET /leader HTTP/1.1\r\nHost: evil\r\n\r\n",
    "a_head_of_64_kib": b"GET /leader HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 65_536 + b"\r\n\r\n",
    "http_0_9": b"GET /leader\r\n",
    "no_http_at_all": bytes(range(256)) * 16,
    "an_unknown_path": b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an_unknown_method": b"BREW /leader HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "half_a_request": b"GET /leader HTTP/1.1\r\nHo",
    "two_lengths": b"POST /leader/resign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n",
    "a_body_that_never_comes": b"POST /leader HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n{",
    "another_site": b"POST /leader/resign HTTP/1.1\r\nHost: evil\r\nOrigin: http://evil\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_leader_goes_on_under_requests_that_are_none(group: Group, attack: bytes) -> None:
    with survives(group):
        leader = group.leader(TERM_S)
        before = leader.token
        until_s = time.monotonic() + D_S + 0.5
        sent = 0
        while time.monotonic() < until_s or sent < ROUNDS:
            answer = send(leader, attack)
            sent += 1
            assert not answer.startswith(b"HTTP/1.1 2"), answer
        assert leader.token == before


def test_a_leader_goes_on_beside_a_thousand_idle_connections(group: Group) -> None:
    with survives(group):
        leader = group.leader(TERM_S)
        before = leader.token
        with idle(leader, IDLE) as held:
            assert len(held) == IDLE
            time.sleep(D_S + 0.5)
            assert leader.token == before
        time.sleep(0.5)
        assert leader.token == before


@contextlib.contextmanager
def idle(sidecar: SidecarProcess, count: int) -> Iterator[list[socket.socket]]:
    """Hold connections open that say nothing."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connected(sidecar)) for _ in range(count)]


def connected(sidecar: SidecarProcess) -> socket.socket:
    """Connect to the app port."""
    return socket.create_connection(("127.0.0.1", sidecar.port), timeout=2.0)


def send(sidecar: SidecarProcess, data: bytes) -> bytes:
    """Send bytes and take what comes at once; half a request is left half."""
    with connected(sidecar) as client, contextlib.suppress(OSError):
        client.sendall(data)
        client.settimeout(0.05)
        return client.recv(4096)
    return b""
