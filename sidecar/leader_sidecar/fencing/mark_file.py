"""Owns a high-water mark in a file: read and replaced whole under a lock that the kernel frees with its process.

Beside the mark, at PATH, lies PATH.lock, which stays for ever: the lock is on the file, not on its name.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leader_sidecar.fencing.refusals import Busy, StaleToken
from leader_sidecar.fencing.token import read_token

_PAUSE_S = 0.005


class MarkFile:
    """The mark of one resource.

    Args:
        path: where it lies; the folder must exist, on a file system with flock(2).
        resource: named in what is raised.
    """

    def __init__(self, path: Path, resource: str) -> None:
        self.path, self.resource = path, resource

    def read(self) -> int:
        """Return the mark, 0 where there is none.

        Raises:
            MalformedToken: the file holds something else; nothing is written until it is reset.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        return read_token(text.removesuffix(b"\n"), self.resource)

    def raise_to(self, token: int) -> None:
        """Accept a token, durably, before anything is written under it; the lock must be held.

        Raises:
            StaleToken: the mark is higher.
        """
        mark = self.read()
        if token < mark:
            raise StaleToken(self.resource, token, mark)
        if token > mark:
            self.replace(token)

    def replace(self, token: int) -> None:
        """Write another mark, whole or not at all; the lock must be held."""
        with new_file(self.path, ".new") as file:
            os.write(file, b"%d\n" % token)

    @contextmanager
    def locked(self, wait_s: float) -> Iterator[None]:
        """Hold the lock, against other processes and threads.

        Raises:
            Busy: somebody else held it for that long.
        """
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            for _ in range(round(wait_s / _PAUSE_S)):
                if _try(lock):
                    break
                time.sleep(_PAUSE_S)
            else:
                if not _try(lock):
                    raise Busy(self.resource, wait_s)
            yield
        finally:
            os.close(lock)


@contextmanager
def new_file(path: Path, suffix: str) -> Iterator[int]:
    """Write a file that takes `path`'s place when the block ends well, and is on disk by then.

    Args:
        suffix: of the new file's name until then; what a killed process left under it is overwritten.
    """
    new = f"{path}{suffix}"
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        if path.exists():
            os.fchmod(file, path.stat().st_mode & 0o7777)
        yield file
        os.fsync(file)
    except BaseException:
        os.unlink(new)
        raise
    finally:
        os.close(file)
    os.rename(new, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _try(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
