"""Owns the guard of a file that is replaced as a whole: a lock, the mark, and an atomic rename.

    payouts = Guard("payouts")
    with payouts.fence("/data/payouts.json", term.token) as file:  # StaleToken: nothing is written
        file.write(b"{}")  # the new content; it takes the old one's place when the block ends well

The mark lies beside, in `payouts.json.fence`. All writers must be on file systems whose flock(2) they share: one
machine, or NFS with locks. The lock goes with its process; one that is frozen inside the block keeps its successor out
(`Busy`) until it is killed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from leader_sidecar.fencing.mark_file import MarkFile, new_file
from leader_sidecar.fencing.token import read_resource, read_token

_Path = str | os.PathLike[str]


class Guard:
    """Refuse writes of older terms.

    Args:
        resource: what is protected, as refusals name it.
        wait_s: how long to wait for another writer to end.
    """

    mark_file = MarkFile

    def __init__(self, resource: str, wait_s: float = 10.0) -> None:
        self.resource = read_resource(resource)
        self._wait_s = wait_s

    @contextmanager
    def fence(self, path: _Path, token: object) -> Iterator[BinaryIO]:
        """Write the file's next content, under the token of this term.

        Args:
            path: of the file; its folder must exist.
            token: of the term that writes.

        Raises:
            Refusal: the token is stale, absent or malformed, or another writer did not end in time; nothing is written.
        """
        number = read_token(token, self.resource)
        target, mark = self._open(path)
        with mark.locked(self._wait_s):
            mark.raise_to(number)
            with new_file(target, ".fence.next") as descriptor, open(descriptor, "wb", closefd=False) as file:
                yield file

    def stamp(self, path: _Path, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        number = read_token(token, self.resource)
        _, mark = self._open(path)
        with mark.locked(self._wait_s):
            mark.raise_to(number)

    def status(self, path: _Path) -> int:
        """Return the high-water mark, 0 before the first write."""
        return self._open(path)[1].read()

    def reset(self, path: _Path, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it. (A mark file that is garbled is removed by hand.)
            token: of the term that leads now.

        Returns:
            False where the mark is another by now; it stays then.
        """
        number = read_token(token, self.resource)
        _, mark = self._open(path)
        with mark.locked(self._wait_s):
            if mark.read() != poisoned:
                return False
            mark.replace(number)
            return True

    def _open(self, path: _Path) -> tuple[Path, MarkFile]:
        # Through links: two names of one file have one mark.
        target = Path(os.path.realpath(path))
        return target, self.mark_file(Path(f"{target}.fence"), self.resource)
