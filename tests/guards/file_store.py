"""A file that is replaced as a whole, written through its guard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guards.store import Append, Session, Store
from leader_sidecar.fencing import Busy
from leader_sidecar.fencing.file import Guard


def path_of(folder: str, resource: str) -> Path:
    return Path(folder) / resource.replace("/", "-")


def read_lines(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


class FileSession(Session):
    def __init__(self, folder: str, resource: str, guard: type[Guard] = Guard) -> None:
        self.resource, self.path, self.guard = resource, path_of(folder, resource), guard(resource)

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        with self.guard.fence(self.path, token) as file:

            def append(entry: str) -> None:
                file.write(read_lines(self.path) + f"{token}:{entry}\n".encode())

            yield append

    def may_retry(self, error: Exception) -> bool:
        return isinstance(error, Busy)

    def stamp(self, token: object) -> None:
        self.guard.stamp(self.path, token)

    def status(self) -> int:
        return self.guard.status(self.path)

    def reset(self, poisoned: int, token: int) -> bool:
        return self.guard.reset(self.path, poisoned, token)

    def close(self) -> None:
        """Nothing is held between writes."""


class FileStore(Store):
    name = "file"
    announces = True

    def __init__(self, folder: Path, guard: type[Guard] = Guard) -> None:
        self.folder, self.guard = str(folder), guard

    def session(self, resource: str) -> FileSession:
        return FileSession(self.folder, resource, self.guard)

    def entries(self, resource: str) -> list[tuple[int, str]]:
        lines = read_lines(path_of(self.folder, resource)).decode().splitlines()
        return [(int(token), entry) for token, _, entry in (line.partition(":") for line in lines)]

    def crash(self) -> None:
        """There is no server: writers that die are `die_halfway`."""

    def address(self) -> str:
        return self.folder
