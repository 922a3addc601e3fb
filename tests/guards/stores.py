"""All stores, by name: how a test starts one, and how a child process reaches one that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from guards.bad_sqlite import BAD
from guards.file_store import FileSession, FileStore
from guards.http_store import HttpSession, HttpStore
from guards.mysql_store import MysqlSession, MysqlStore
from guards.postgresql_store import AsksTheFunction, AsyncpgSession, AsyncSession, PostgresqlStore, PsycopgSession
from guards.redis_store import AsyncRedisSession, RedisSession, RedisStore
from guards.servers import SERVERS, Mariadb, Postgresql, Redis, Server
from guards.sqlite_store import SqliteSession, SqliteStore
from guards.store import Session, Store

_SESSIONS: dict[str, Callable[[str, str], Session]] = {
    "sqlite": SqliteSession,
    "postgresql, psycopg": PsycopgSession,
    "postgresql, psycopg, serializable": partial(PsycopgSession, isolation="serializable"),
    "postgresql, the function alone": partial(PsycopgSession, guard=AsksTheFunction),
    "postgresql, psycopg asyncio, repeatable read": partial(AsyncSession, isolation="repeatable read"),
    "postgresql, asyncpg": AsyncpgSession,
    "postgresql, asyncpg, serializable": partial(AsyncpgSession, isolation="serializable"),
    "redis": RedisSession,
    "redis, asyncio": AsyncRedisSession,
    "mariadb": MysqlSession,
    "mariadb, read committed": partial(MysqlSession, isolation="read committed"),
    "mariadb, serializable": partial(MysqlSession, isolation="serializable"),
    "file": FileSession,
    "http, asgi": HttpSession,
    "http, aiohttp": HttpSession,
}
STORES = tuple(_SESSIONS)
_KNOWN_BAD: dict[str, Callable[[str, str], Session]] = {
    f"sqlite, {promise}": partial(SqliteSession, guard=guard) for promise, guard in BAD.items()
}
Lend = Callable[[str], Server]
"""Lends a running server by the first word of the store's name."""


def session_at(name: str, address: str, resource: str) -> Session:
    """Reach a store from another process."""
    return {**_SESSIONS, **_KNOWN_BAD}[name](address, resource)


@contextmanager
def started(name: str, folder: Path, lend: Lend) -> Iterator[Store]:
    """Start a store before a server that runs."""
    kind = name.partition(",")[0]
    server = lend(kind) if kind in SERVERS else None
    if isinstance(server, Postgresql):
        yield PostgresqlStore(name, server, _SESSIONS[name])
    elif isinstance(server, Mariadb):
        yield MysqlStore(name, server, _SESSIONS[name])
    elif isinstance(server, Redis):
        yield RedisStore(name, server, _SESSIONS[name])
    elif kind == "http":
        with closing(HttpStore(name, folder)) as service:
            yield service
    elif kind == "file":
        # In memory where there is such a folder: 10,000 times fsync on a disk take a minute.
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        with TemporaryDirectory(dir=memory) as quick:
            yield FileStore(Path(quick))
    else:
        yield SqliteStore(folder)
