"""SQLite in a file, written through its guard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from guards.store import Append, Session, Store
from leader_sidecar.fencing.sqlite import Guard

_TABLE = """CREATE TABLE IF NOT EXISTS entries
 (id INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT, token INTEGER, entry TEXT)"""


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


class SqliteSession(Session):
    def __init__(self, path: str, resource: str, guard: type[Guard] = Guard) -> None:
        self.resource, self.connection, self.guard = resource, connect(path), guard(resource)

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        with self.guard.fence(self.connection, token) as cursor:

            def append(entry: str) -> None:
                row = (self.resource, token, entry)
                cursor.execute("INSERT INTO entries (resource, token, entry) VALUES (?, ?, ?)", row)

            yield append

    def stamp(self, token: object) -> None:
        self.guard.stamp(self.connection, token)

    def status(self) -> int:
        return self.guard.status(self.connection)

    def reset(self, poisoned: int, token: int) -> bool:
        return self.guard.reset(self.connection, poisoned, token)

    def close(self) -> None:
        self.connection.close()


class SqliteStore(Store):
    def __init__(self, folder: Path, guard: type[Guard] = Guard, name: str = "sqlite") -> None:
        self.name = name
        self.path = str(folder / "data.sqlite")
        self.guard = guard
        with closing(connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_TABLE)

    def session(self, resource: str) -> SqliteSession:
        return SqliteSession(self.path, resource, self.guard)

    def entries(self, resource: str) -> list[tuple[int, str]]:
        with closing(connect(self.path)) as connection:
            query = "SELECT token, entry FROM entries WHERE resource = ? ORDER BY id"
            return connection.execute(query, (resource,)).fetchall()

    def crash(self) -> None:
        """There is no server: writers that die are `die_halfway`."""

    def address(self) -> str:
        return self.path
