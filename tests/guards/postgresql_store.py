"""PostgreSQL, written through its guard by psycopg, psycopg's asyncio, and asyncpg, at any isolation level."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import psycopg

from guards.servers import Postgresql
from guards.store import Append, Session, Store
from leader_sidecar.fencing.postgresql import CREATE, AsyncGuard, Guard

_TABLE = "CREATE TABLE IF NOT EXISTS entries (id bigserial PRIMARY KEY, resource text, token bigint, entry text)"
_INSERT = "INSERT INTO entries (resource, token, entry) VALUES (%s, %s, %s)"
_databases = itertools.count(1)
_RETRY = ("40001", "40P01")  # serialization failure, deadlock


class _PgSession(Session):
    def may_retry(self, error: Exception) -> bool:
        return getattr(error, "sqlstate", None) in _RETRY


class PsycopgSession(_PgSession):
    def __init__(self, dsn: str, resource: str, isolation: str = "read committed", guard: type[Guard] = Guard) -> None:
        self.resource, self.guard = resource, guard(resource)
        self.connection = psycopg.connect(dsn, options=_isolation(isolation))

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        with self.guard.fence(self.connection, token) as connection:
            yield lambda entry: connection.execute(_INSERT, (self.resource, int(str(token)), entry))

    def stamp(self, token: object) -> None:
        self.guard.stamp(self.connection, token)

    def status(self) -> int:
        return self.guard.status(self.connection)

    def reset(self, poisoned: int, token: int) -> bool:
        return self.guard.reset(self.connection, poisoned, token)

    def close(self) -> None:
        self.connection.close()


class AsksTheFunction(Guard):
    """Leaves every check to the SQL function, as other languages do."""

    same_term = "SELECT 1 WHERE %s::text IS NULL AND %s::bigint IS NULL"


class AsyncSession(_PgSession):
    """A writer of asyncio, in a loop of its own."""

    insert = _INSERT

    def __init__(self, dsn: str, resource: str, isolation: str = "read committed") -> None:
        self.resource, self.guard, self.runner = resource, AsyncGuard(resource), asyncio.Runner()
        self.isolation = isolation.replace(" ", "_")
        self.connection: Any = self.runner.run(self._connect(dsn))

    async def _connect(self, dsn: str) -> Any:
        connection = await psycopg.AsyncConnection.connect(dsn)
        await connection.set_isolation_level(psycopg.IsolationLevel[self.isolation.upper()])
        return connection

    def _fence(self, token: object) -> Any:
        return self.guard.fence(self.connection, token)

    async def _append(self, token: object, entry: str) -> None:
        await self.connection.execute(_INSERT, (self.resource, int(str(token)), entry))

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        fence = self._fence(token)
        self.runner.run(fence.__aenter__())
        try:
            yield lambda entry: self.runner.run(self._append(token, entry))
        except BaseException as error:
            if not self.runner.run(fence.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self.runner.run(fence.__aexit__(None, None, None))

    def stamp(self, token: object) -> None:
        self.runner.run(self.guard.stamp(self.connection, token))

    def status(self) -> int:
        return self.runner.run(self.guard.status(self.connection))

    def reset(self, poisoned: int, token: int) -> bool:
        return self.runner.run(self.guard.reset(self.connection, poisoned, token))

    def close(self) -> None:
        self.runner.run(self.connection.close())
        self.runner.close()


class AsyncpgSession(AsyncSession):
    async def _connect(self, dsn: str) -> Any:
        parts = dict(part.split("=") for part in dsn.split())
        return await asyncpg.connect(host=parts["host"], user=parts["user"], database=parts["dbname"])

    def _fence(self, token: object) -> Any:
        return self.guard.fence(self.connection, token, isolation=self.isolation)

    async def _append(self, token: object, entry: str) -> None:
        statement = "INSERT INTO entries (resource, token, entry) VALUES ($1, $2, $3)"
        await self.connection.execute(statement, self.resource, int(str(token)), entry)


class PostgresqlStore(Store):
    """A database of its own on the server.

    Args:
        sessions: how a writer connects, given DSN and resource.
        create: another text in the place of the guard's.
    """

    def __init__(self, name: str, server: Postgresql, sessions: Any, create: str = CREATE) -> None:
        self.name, self.server, self.sessions = name, server, sessions
        database = f"guard{next(_databases)}"
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        self.dsn = server.dsn.replace("dbname=postgres", f"dbname={database}")
        with psycopg.connect(self.dsn) as connection:
            connection.execute(create)
            connection.execute(_TABLE)

    def session(self, resource: str) -> Session:
        session: Session = self.sessions(self.dsn, resource)
        return session

    def entries(self, resource: str) -> list[tuple[int, str]]:
        with psycopg.connect(self.dsn) as connection:
            query = "SELECT token, entry FROM entries WHERE resource = %s ORDER BY id"
            return connection.execute(query, (resource,)).fetchall()

    def crash(self) -> None:
        self.server.crash()

    def cut(self) -> None:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        with psycopg.connect(self.dsn) as connection:
            connection.execute(f"{query} WHERE datname = current_database() AND pid <> pg_backend_pid()")

    def address(self) -> str:
        return self.dsn


def _isolation(level: str) -> str:
    escaped = level.replace(" ", "\\ ")
    return f"-c default_transaction_isolation={escaped}"
