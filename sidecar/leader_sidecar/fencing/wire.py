"""Owns the little HTTP that an application speaks with its sidecar: bytes in, bytes out, no socket.

Requests are HTTP/1.0, so that an answer is all that comes until the end, and a stream of events has no other frame.
"""

import os
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

DEFAULT_URL = "http://localhost:8080"
URL_VARIABLE = "LEADER_URL"
ANSWER_S = 1.0
"""A sidecar answers from memory, on loopback."""
QUIET_S = 15.0
"""A stream without even a comment for this long is broken: one comes every 10 s."""
LONGEST_BYTES = 1 << 16


class NoAnswer(Exception):
    """The sidecar did not answer, or what answered is none."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one election of a sidecar is told.

    Args:
        host, port: of the sidecar.
        path: of the election's answer, `/leader` for the first.
    """

    host: str
    port: int
    path: str

    def request(self, suffix: str = "") -> bytes:
        """Make the request for the answer, or for what stands below it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"GET {self.path}{suffix} HTTP/1.0\r\nHost: {host}:{self.port}\r\n\r\n".encode()


def read_address(url: str | None, election: str | None) -> Address:
    """Read where the sidecar answers.

    Args:
        url: None for the environment's LEADER_URL, else `http://localhost:8080`.
        election: `[NAMESPACE/]NAME`, None for the sidecar's first.

    Raises:
        ValueError: not such a URL.
    """
    text = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"{text!r} is no URL of a sidecar: write it as {DEFAULT_URL}")
    prefix = parts.path.rstrip("/").removesuffix("/leader")
    path = f"{prefix}/elections/{quote(election, safe='')}/leader" if election else f"{prefix}/leader"
    return Address(parts.hostname, parts.port or 80, path)


def read_answer(answer: bytes) -> bytes:
    """Return the body of a whole answer.

    Raises:
        NoAnswer: its status is not 200.
    """
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        raise NoAnswer("the answer broke off")
    _judge(head)
    return body


class EventStream:
    """Read a stream of server-sent events as its bytes come."""

    def __init__(self) -> None:
        self._rest, self._begun = b"", False

    def feed(self, data: bytes) -> list[bytes]:
        """Take some bytes.

        Returns:
            The data of each event that they complete.

        Raises:
            NoAnswer: the stream ended (no bytes), or is none.
        """
        if not data or len(self._rest) > LONGEST_BYTES:
            raise NoAnswer("the stream of events ended")
        self._rest += data
        if not self._begun:
            head, found, rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                return []
            _judge(head)
            self._rest, self._begun = rest, True
        *events, self._rest = self._rest.split(b"\n\n")
        return [data for event in events if (data := _data(event))]


def _data(event: bytes) -> bytes:
    lines = (line.removeprefix(b"data:").strip() for line in event.split(b"\n") if line.startswith(b"data:"))
    return b"\n".join(lines)


def _judge(head: bytes) -> None:
    words = head.split(b"\r\n", 1)[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or words[1] != b"200":
        raise NoAnswer(f"the sidecar answers {head[:60]!r}")
