"""Guards that are wrong do not pass the contract: what the suite would say if a guard's check were taken out."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from guards import bad_elsewhere, bad_sqlite
from guards.bad_judges import CAUGHT_BY
from guards.contract import PROPERTIES, Property, higher_token_raises_the_mark
from guards.file_store import FileStore
from guards.http_store import HttpStore
from guards.mysql_store import MysqlSession, MysqlStore
from guards.redis_store import RedisSession, RedisStore
from guards.sqlite_store import SqliteStore
from guards.store import Store
from guards.stores import Lend
from leader_sidecar.fencing import Refusal

_BY_NAME = {promise.__name__: promise for promise in PROPERTIES}
_NEEDS_A_SERVER = "mark_outlives_a_crash"


def must_be_caught(store: Store, by: Property) -> None:
    """Let a promise find that it is not kept, and not fall over something else."""
    with pytest.raises((AssertionError, Refusal)):
        by(store)


def must_be_caught_by(store: Store, name: str) -> None:
    higher_token_raises_the_mark(store)  # the bad guard works, but for its mistake
    must_be_caught(store, _BY_NAME[name])


def test_every_promise_has_a_bad_guard_that_breaks_it() -> None:
    assert {*bad_sqlite.BAD, _NEEDS_A_SERVER} == set(_BY_NAME)


@pytest.mark.parametrize("promise", bad_sqlite.BAD)
def test_promise_catches_its_bad_guard(tmp_path: Path, promise: str) -> None:
    must_be_caught(SqliteStore(tmp_path, bad_sqlite.BAD[promise], f"sqlite, {promise}"), _BY_NAME[promise])


@pytest.mark.parametrize("mistake", [mistake for mistake in bad_elsewhere.POSTGRESQL if mistake != "unfair"])
def test_bad_guard_of_postgresql_is_caught(lend: Lend, mistake: str) -> None:
    must_be_caught_by(bad_elsewhere.postgresql_store(lend("postgresql"), mistake), CAUGHT_BY[mistake.partition(",")[0]])


@pytest.mark.parametrize("mistake", ["two steps", "two steps, before the function"])
def test_check_without_a_lock_in_postgresql_is_caught_by_the_crowd(lend: Lend, mistake: str) -> None:
    store = bad_elsewhere.postgresql_store(lend("postgresql"), mistake)
    must_be_caught_by(store, "concurrent_writers_keep_the_order")


@pytest.mark.parametrize(("mistake", "promise"), CAUGHT_BY.items())
def test_bad_guard_of_mariadb_is_caught(lend: Lend, mistake: str, promise: str) -> None:
    sessions = partial(MysqlSession, guard=bad_elsewhere.mysql_guard(mistake))
    must_be_caught_by(MysqlStore("bad", lend("mariadb"), sessions), promise)


@pytest.mark.parametrize(("mistake", "promise"), CAUGHT_BY.items())
def test_bad_guard_of_redis_is_caught(lend: Lend, mistake: str, promise: str) -> None:
    sessions = partial(RedisSession, guard=bad_elsewhere.redis_guard(mistake))
    must_be_caught_by(RedisStore("bad", lend("redis"), sessions), promise)


@pytest.mark.parametrize(("mistake", "promise"), CAUGHT_BY.items())
def test_bad_guard_of_a_file_is_caught(tmp_path: Path, mistake: str, promise: str) -> None:
    must_be_caught_by(FileStore(tmp_path, bad_elsewhere.file_guard(mistake)), promise)


@pytest.mark.parametrize(("mistake", "promise"), [*CAUGHT_BY.items(), ("in memory", _NEEDS_A_SERVER)])
@pytest.mark.parametrize("kind", ["asgi", "aiohttp"])
def test_bad_guard_of_a_service_is_caught(tmp_path: Path, kind: str, mistake: str, promise: str) -> None:
    with closing(HttpStore(f"http, {kind}", tmp_path, mistake)) as store:
        must_be_caught_by(store, promise)
