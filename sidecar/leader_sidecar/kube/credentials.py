"""Owns what proves who we are: a bearer token that is fixed, or that somebody else keeps fresh in a file."""

import os
import stat
from pathlib import Path
from typing import Protocol

CHECK_EVERY_S = 1.0
_MAX_TOKEN_BYTES = 64 * 1024


class TokenFault(Exception):
    """A token file cannot be used; the message is one line for people."""


class Credentials(Protocol):
    """Say what goes into the Authorization header."""

    def authorization(self, now_s: float) -> str:
        """Return the header's value, "" for none; never raises. `now_s` is any monotonic clock, in seconds."""
        ...

    def refused(self) -> None:
        """Take note that the API server answered 401."""
        ...


class StaticToken:
    """Send the same token for ever, or none.

    Args:
        token: as the configuration gives it; "" for no Authorization header at all.
    """

    def __init__(self, token: str = "") -> None:
        self._header = f"Bearer {clean_token(token, 'the token')}" if token else ""

    def __repr__(self) -> str:
        return "StaticToken(...)" if self._header else "StaticToken()"

    def authorization(self, now_s: float) -> str:
        """Return the header's value."""
        return self._header

    def refused(self) -> None:
        """Do nothing: there is no other token."""


class TokenFile:
    """Send the token that stands in a file, and follow the file.

    The file is looked at once a second at most, by one `stat` of what is a memory file system in every pod, and read
    when modification time, inode or size became another, or after a 401. While it is away, empty or unreadable the last
    good token stays in use: the kubelet replaces it long before the old one expires.

    Args:
        path: the file; symbolic links are followed at each look, as the kubelet swaps them.

    Raises: TokenFault when there is no good token to begin with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark, token = _read(path)
        self._header = f"Bearer {token}"
        self._look_at_s = float("-inf")

    def __repr__(self) -> str:
        return f"TokenFile({str(self._path)!r})"

    def authorization(self, now_s: float) -> str:
        """Return the header's value with the newest good token."""
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + CHECK_EVERY_S
            self._follow()
        return self._header

    def refused(self) -> None:
        """Read the file again before the next request, changed or not."""
        self._look_at_s = float("-inf")
        self._mark = ()

    def _follow(self) -> None:
        try:
            if not self._mark or _mark(os.stat(self._path)) != self._mark:
                self._mark, token = _read(self._path)
                self._header = f"Bearer {token}"
        except (OSError, TokenFault):
            # The old token stays; if it is no good any more, the API server's 401 says so to people.
            self._mark = ()


def clean_token(text: str, what: str) -> str:
    """Strip a token and make sure that it can stand in a header.

    Raises: TokenFault, which names `what` and never shows the token.
    """
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenFault(f"{what} is {'empty' if not token else 'not a bearer token: one line of printable ASCII'}")
    return token


def _read(path: Path) -> tuple[tuple[int, ...], str]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise TokenFault(f"the token file {path} is not a regular file")
            content = file.read(_MAX_TOKEN_BYTES + 1)
    except OSError as error:
        raise TokenFault(f"cannot read the token file {path}: {error.strerror}") from error
    if len(content) > _MAX_TOKEN_BYTES:
        raise TokenFault(f"the token file {path} is larger than {_MAX_TOKEN_BYTES} bytes")
    return _mark(status), clean_token(content.decode("utf-8", "replace"), f"the token file {path}")


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mtime_ns, status.st_ino, status.st_size, status.st_dev)
