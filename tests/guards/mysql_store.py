"""MariaDB, written through its guard by PyMySQL, at any isolation level."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql

from guards.servers import Mariadb
from guards.store import Append, Session, Store
from leader_sidecar.fencing.mysql import Guard

_TABLE = """CREATE TABLE IF NOT EXISTS entries (id BIGINT AUTO_INCREMENT PRIMARY KEY,
 resource VARCHAR(190), token BIGINT, entry TEXT) ENGINE=InnoDB"""
_INSERT = "INSERT INTO entries (resource, token, entry) VALUES (%s, %s, %s)"
_RETRY = (1213, 1205, 1020)  # deadlock, lock wait timed out, changed since it was read


class MysqlSession(Session):
    def __init__(
        self, address: str, resource: str, isolation: str = "repeatable read", guard: type[Guard] = Guard
    ) -> None:
        self.resource, self.guard = resource, guard(resource)
        level = f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation.upper()}"
        self.connection: Any = pymysql.connect(**json.loads(address), init_command=level)

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        with self.guard.fence(self.connection, token) as cursor:
            yield lambda entry: cursor.execute(_INSERT, (self.resource, int(str(token)), entry))

    def may_retry(self, error: Exception) -> bool:
        return isinstance(error, pymysql.err.OperationalError) and error.args[0] in _RETRY

    def stamp(self, token: object) -> None:
        self.guard.stamp(self.connection, token)

    def status(self) -> int:
        return self.guard.status(self.connection)

    def reset(self, poisoned: int, token: int) -> bool:
        return self.guard.reset(self.connection, poisoned, token)

    def close(self) -> None:
        if self.connection.open:
            self.connection.close()


class MysqlStore(Store):
    """Args: sessions: how a writer connects, given address and resource."""

    def __init__(self, name: str, server: Mariadb, sessions: Any) -> None:
        self.name, self.server, self.sessions = name, server, sessions
        with pymysql.connect(**server.arguments) as connection, connection.cursor() as cursor:
            Guard.prepare(connection)
            cursor.execute(_TABLE)

    def session(self, resource: str) -> Session:
        session: Session = self.sessions(self.address(), resource)
        return session

    def entries(self, resource: str) -> list[tuple[int, str]]:
        with pymysql.connect(**self.server.arguments) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT token, entry FROM entries WHERE resource = %s ORDER BY id", (resource,))
            return list(cursor.fetchall())

    def crash(self) -> None:
        self.server.crash()

    def cut(self) -> None:
        with pymysql.connect(**self.server.arguments) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND user = 'root'"
            )
            for (number,) in cursor.fetchall():
                with contextlib.suppress(pymysql.err.OperationalError):  # it has just ended by itself
                    cursor.execute(f"KILL CONNECTION {number}")

    def address(self) -> str:
        return json.dumps(self.server.arguments)
