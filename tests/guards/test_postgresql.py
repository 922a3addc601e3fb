"""What is PostgreSQL's own about its guard: the SQL function, transactions, and who waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import psycopg
import pytest

from guards import bad_elsewhere
from guards.postgresql_store import AsksTheFunction, PostgresqlStore, PsycopgSession
from guards.servers import Postgresql
from guards.store import in_threads
from guards.stores import Lend
from leader_sidecar.fencing import NotPrepared, StaleToken, WrongTransaction
from leader_sidecar.fencing.postgresql import AsyncGuard, Guard

PAYOUTS = Guard("payouts")


@pytest.fixture
def dsn(lend: Lend) -> str:
    """A database of its own."""
    server = lend("postgresql")
    assert isinstance(server, Postgresql)
    return PostgresqlStore("postgresql", server, PsycopgSession).dsn


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(dsn) as one:
        yield one


@pytest.fixture
def empty_dsn(lend: Lend) -> str:
    server = lend("postgresql")
    assert isinstance(server, Postgresql)
    return PostgresqlStore("empty", server, PsycopgSession, create="SELECT 1").dsn


def test_function_raises_its_own_sqlstate_and_tells_the_mark(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute("SELECT fence('payouts', 418)").fetchone() == (418,)
    connection.commit()
    with pytest.raises(psycopg.Error) as refused:
        connection.execute("SELECT fence('payouts', 417)")
    assert refused.value.sqlstate == "LS001"
    assert refused.value.diag.message_detail == "high_water=418"


@pytest.mark.parametrize(
    "token", ["'01'", "' 5'", "'5 '", "'+5'", "E'5\\n'", "''", "'9007199254740992'", "0", "-1", "NULL::bigint"]
)
def test_function_takes_no_other_syntax(connection: psycopg.Connection[Any], token: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        connection.execute(f"SELECT fence('payouts', {token})".encode())
    assert refused.value.sqlstate == "LS002"
    connection.rollback()
    assert PAYOUTS.status(connection) == 0


def test_function_takes_a_token_as_text(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute("SELECT fence('payouts', '418')").fetchone() == (418,)


def test_a_database_without_the_function_says_the_statement_that_makes_it(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as connection:
        with pytest.raises(NotPrepared, match=r"run Guard\.prepare\(connection\)"):
            PAYOUTS.stamp(connection, 418)
        Guard.prepare(connection)
        PAYOUTS.stamp(connection, 418)


async def test_asyncpg_without_the_function_says_so_too(empty_dsn: str) -> None:
    parts = dict(part.split("=") for part in empty_dsn.split())
    connection = await asyncpg.connect(host=parts["host"], user=parts["user"], database=parts["dbname"])
    guard = AsyncGuard("payouts")
    with pytest.raises(NotPrepared):
        await guard.stamp(connection, 418)
    await AsyncGuard.prepare(connection)
    with pytest.raises(WrongTransaction):
        await guard.check(connection, 418)
    async with connection.transaction():
        await guard.check(connection, 418)
        with pytest.raises(WrongTransaction):
            await guard.stamp(connection, 418)
    assert await guard.status(connection) == 418
    await connection.close()


def test_many_may_prepare_at_once(empty_dsn: str) -> None:
    def prepare(_: int) -> None:
        with psycopg.connect(empty_dsn) as connection:
            Guard.prepare(connection)

    in_threads(8, prepare)


def test_a_check_without_a_transaction_is_refused(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        with pytest.raises(WrongTransaction, match="no transaction is open"):
            PAYOUTS.check(connection, 418)
        with connection.transaction():
            PAYOUTS.check(connection, 418)
        with PAYOUTS.fence(connection, 418):
            connection.execute("INSERT INTO entries (entry) VALUES ('x')")
        assert connection.execute("SELECT entry FROM entries").fetchall() == [("x",)]


def test_fence_does_not_commit_what_others_began(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SELECT 1")
    with pytest.raises(WrongTransaction, match="a transaction is open"), PAYOUTS.fence(connection, 418):
        pass


def test_a_connection_that_broke_inside_a_transaction_is_told_as_broken(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as other, psycopg.connect(dsn) as connection:
        PAYOUTS.check(connection, 418)
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            PAYOUTS.stamp(connection, 418)


async def test_asyncpg_tells_a_broken_connection_as_broken(dsn: str) -> None:
    parts = dict(part.split("=") for part in dsn.split())
    connection = await asyncpg.connect(host=parts["host"], user=parts["user"], database=parts["dbname"])
    await connection.execute("BEGIN")
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.get_server_pid(),))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.execute("SELECT 1")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await AsyncGuard("payouts").stamp(connection, 418)


def test_an_old_snapshot_is_no_way_past_a_newer_mark(dsn: str) -> None:
    with psycopg.connect(dsn) as old, psycopg.connect(dsn) as new:
        PAYOUTS.stamp(new, 417)
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        old.execute("SELECT count(*) FROM entries")  # takes the snapshot
        PAYOUTS.stamp(new, 418)
        with pytest.raises(psycopg.errors.SerializationFailure):
            PAYOUTS.check(old, 417)
        old.rollback()
        with pytest.raises(StaleToken):
            PAYOUTS.stamp(old, 417)


def test_transactions_of_one_term_run_side_by_side(dsn: str) -> None:
    with psycopg.connect(dsn) as one, psycopg.connect(dsn) as other:
        PAYOUTS.stamp(one, 418)
        with PAYOUTS.fence(one, 418), PAYOUTS.fence(other, 418):
            one.execute("INSERT INTO entries (entry) VALUES ('x')")
            other.execute("INSERT INTO entries (entry) VALUES ('y')")


def _stamp_among_steady_writers(dsn: str, within_s: float, guard: Guard) -> bool:
    """Let eight writers of an old term overlap all the time; say whether the new term's stamp comes through."""
    stop = threading.Event()

    def write(_: int) -> None:
        with psycopg.connect(dsn) as connection:
            while not stop.is_set():
                try:
                    with guard.fence(connection, 417):
                        connection.execute("SELECT pg_sleep(0.05)")
                except StaleToken:
                    return

    writers = [threading.Thread(target=write, args=(i,), daemon=True) for i in range(8)]
    with psycopg.connect(dsn) as connection:
        guard.stamp(connection, 417)
        for number, writer in enumerate(writers):
            writer.start()
            time.sleep(0.01 * (number > 0))  # so that they never end all at once
        time.sleep(0.1)
        connection.execute(f"SET statement_timeout = '{int(within_s * 1000)}ms'")
        connection.commit()
        try:
            guard.stamp(connection, 418)
        except psycopg.errors.QueryCanceled:
            return False
        finally:
            stop.set()
            for writer in writers:
                writer.join(10)
    return True


@pytest.mark.parametrize("guard", [Guard, AsksTheFunction])
def test_an_old_terms_steady_writers_do_not_keep_the_new_term_out(dsn: str, guard: type[Guard]) -> None:
    assert _stamp_among_steady_writers(dsn, 10.0, guard("payouts"))


def test_row_locks_alone_would_keep_it_out(lend: Lend) -> None:
    server = lend("postgresql")
    assert isinstance(server, Postgresql)
    store = bad_elsewhere.postgresql_store(server, "unfair")
    guard, _ = bad_elsewhere.POSTGRESQL["unfair"]
    assert not _stamp_among_steady_writers(store.dsn, 1.0, guard("payouts"))


def test_a_frozen_writers_transaction_is_ended_by_the_servers_setting(dsn: str) -> None:
    with psycopg.connect(dsn, options="-c idle_in_transaction_session_timeout=300ms") as old:
        old.execute("SELECT 1")
        old.rollback()
        PAYOUTS.check(old, 417)
        old.execute("INSERT INTO entries (entry) VALUES ('late')")  # and now its process is frozen
        with psycopg.connect(dsn, options="-c lock_timeout=10s") as new:
            PAYOUTS.stamp(new, 418)
            assert new.execute("SELECT count(*) FROM entries").fetchone() == (0,)
        with pytest.raises(psycopg.Error):
            old.commit()


async def test_rows_of_the_applications_own_kind_do_not_disturb(dsn: str) -> None:
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        PAYOUTS.stamp(connection, 417)
        with pytest.raises(StaleToken):
            PAYOUTS.stamp(connection, 416)
        assert PAYOUTS.status(connection) == 417
        assert PAYOUTS.reset(connection, 417, 400)
    async with await psycopg.AsyncConnection.connect(dsn, row_factory=psycopg.rows.dict_row) as later:
        guard = AsyncGuard("payouts")
        await guard.stamp(later, 418)
        await guard.stamp(later, 418)
        assert await guard.status(later) == 418
        assert await guard.reset(later, 418, 400)
