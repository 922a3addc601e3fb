"""The same mistakes in the guards of the other stores, each made in the text or the code that the real guard runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from guards.bad_judges import JUDGES, Accepts
from guards.postgresql_store import AsksTheFunction, PostgresqlStore, PsycopgSession
from guards.servers import Postgresql
from leader_sidecar.fencing import StaleToken, file, http, mysql, postgresql, redis
from leader_sidecar.fencing.mark_file import MarkFile
from leader_sidecar.fencing.token import read_token


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Change a text that must hold what is changed."""
    for old, new in changes:
        assert old in text, f"{old!r} is not in the text any more: mend the known-bad guard"
        text = text.replace(old, new)
    return text


_ORDER = "pg_advisory_xact_lock_shared(hashtextextended('leader-sidecar fence ' || resource, 0)) IS NOT NULL"
# Such a check holds no lock until the commit.
_UNLOCKED = ((" FOR SHARE", ""), (_ORDER, "true"))
_REFUSE = "RAISE EXCEPTION 'stale' USING ERRCODE = 'LS001', DETAIL = 'high_water=' || p_token;"


def postgresql_statement(*changes: tuple[str, str]) -> type[postgresql.Guard]:
    """Make a guard of PostgreSQL that asks the table something else before it asks the function."""
    return type("BadGuard", (postgresql.Guard,), {"same_term": changed(postgresql.Guard.same_term, *changes)})


POSTGRESQL: dict[str, tuple[type[postgresql.Guard], str]] = {
    "everything": (AsksTheFunction, changed(postgresql.CREATE, ("v_mark IS DISTINCT FROM p_token", "false"))),
    "only larger": (AsksTheFunction, changed(postgresql.CREATE, ("IF FOUND THEN", f"IF FOUND THEN {_REFUSE}"))),
    "as text": (
        AsksTheFunction,
        changed(
            postgresql.CREATE,
            ("v_mark <= p_token", "v_mark::text <= p_token::text"),
            ("m.token < excluded.token", "m.token::text < excluded.token::text"),
        ),
    ),
    "two steps": (AsksTheFunction, changed(postgresql.CREATE, *_UNLOCKED)),
    "everything, before the function": (postgresql_statement(("token = %s", "token >= %s")), postgresql.CREATE),
    "two steps, before the function": (postgresql_statement(*_UNLOCKED), postgresql.CREATE),
    "unfair": (postgresql_statement((_ORDER, "true")), changed(postgresql.CREATE, (_ORDER, "true"))),
}


def postgresql_store(server: Postgresql, mistake: str) -> PostgresqlStore:
    """Make a database with a bad guard."""
    guard, text = POSTGRESQL[mistake]
    return PostgresqlStore("bad", server, partial(PsycopgSession, guard=guard), text)


REDIS_TEXTS = {
    "everything": changed(redis.SCRIPT, ("tonumber(mark) > tonumber(token)", "false")),
    "only larger": changed(redis.SCRIPT, ("tonumber(mark) > tonumber(token)", "tonumber(mark) >= tonumber(token)")),
    "as text": changed(redis.SCRIPT, ("tonumber(mark) > tonumber(token)", "mark > token")),
}


def redis_guard(mistake: str) -> type[redis.Guard]:
    """Make a bad guard of Redis."""
    if mistake == "two steps":
        return _RedisTwoSteps
    return type("BadGuard", (redis.Guard,), {"script": REDIS_TEXTS[mistake]})


class _RedisTwoSteps(redis.Guard):
    @contextmanager
    def fence(self, client: Any, token: object) -> Iterator[redis.Batch]:
        with super().fence(client, token):
            pass
        batch = redis.Batch()
        yield batch
        for command in batch.commands:
            client.execute_command(*command)


def mysql_guard(mistake: str) -> type[mysql.Guard]:
    """Make a bad guard of MySQL."""
    if mistake == "two steps":
        return _MysqlTwoSteps
    accepts = JUDGES[mistake]

    class Judging(mysql.Guard):
        def _check(self, cursor: Any, token: int) -> None:
            cursor.execute(self.sql["mark"], (self.resource,))
            row = cursor.fetchone()
            mark = row[0] if row else 0
            if not accepts(mark, token):
                raise StaleToken(self.resource, token, mark)
            cursor.execute("REPLACE INTO fence_marks (resource, token) VALUES (%s, %s)", (self.resource, token))

    return Judging


class _MysqlTwoSteps(mysql.Guard):
    @contextmanager
    def fence(self, connection: Any, token: object) -> Iterator[Any]:
        with super().fence(connection, token):
            pass
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()


def file_guard(mistake: str) -> type[file.Guard]:
    """Make a bad guard of files."""
    if mistake == "two steps":
        return _FileTwoSteps
    return type("BadGuard", (file.Guard,), {"mark_file": _judging_mark(JUDGES[mistake])})


def _judging_mark(accepts: Accepts) -> type[MarkFile]:
    class Judging(MarkFile):
        def raise_to(self, token: int) -> None:
            mark = self.read()
            if not accepts(mark, token):
                raise StaleToken(self.resource, token, mark)
            self.replace(token)

    return Judging


class _FileTwoSteps(file.Guard):
    @contextmanager
    def fence(self, path: Any, token: object) -> Iterator[Any]:
        self.stamp(path, token)
        with Path(f"{path}.{token}").open("wb") as new:
            yield new
        Path(f"{path}.{token}").rename(path)


def _judging_http(accepts: Accepts) -> type[http.Guard]:
    class Judging(http.Guard):
        def stamp(self, token: object) -> None:
            number = read_token(token, self.resource)
            if not accepts(self._newest, number):
                raise StaleToken(self.resource, number, self._newest)
            self._newest = number
            self._mark.replace(number)

    return Judging


class _HttpTwoSteps(http.Guard):
    """Check, and let the request in without keeping account of it."""

    @asynccontextmanager
    async def admit(self, headers: Sequence[str]) -> AsyncIterator[int]:
        async with super().admit(headers) as token:
            await asyncio.sleep(0)
        yield token


class _HttpInMemory(http.Guard):
    """Keep the mark in memory alone."""

    def stamp(self, token: object) -> None:
        number = read_token(token, self.resource)
        if number < self._newest:
            raise StaleToken(self.resource, number, self._newest)
        self._newest = number


HTTP_GUARDS: dict[str, type[http.Guard]] = {
    "two steps": _HttpTwoSteps,
    "in memory": _HttpInMemory,
    **{mistake: _judging_http(accepts) for mistake, accepts in JUDGES.items()},
}
