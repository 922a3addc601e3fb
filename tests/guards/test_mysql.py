"""What is MariaDB's own about its guard: transactions, snapshots, and a table that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from guards.mysql_store import MysqlSession, MysqlStore
from guards.servers import Mariadb
from guards.stores import Lend
from leader_sidecar.fencing import NotPrepared, StaleToken, WrongTransaction
from leader_sidecar.fencing.mysql import Guard


@pytest.fixture
def store(lend: Lend) -> MysqlStore:
    server = lend("mariadb")
    assert isinstance(server, Mariadb)
    return MysqlStore("mariadb", server, MysqlSession)


@pytest.fixture
def guard(store: MysqlStore) -> Guard:
    return Guard(store.new_resource())


@pytest.fixture
def connection(store: MysqlStore) -> Iterator[Any]:
    one: Any = pymysql.connect(**store.server.arguments)
    yield one
    if one.open:
        one.close()


def test_a_check_without_a_transaction_is_refused(connection: Any, guard: Guard) -> None:
    connection.autocommit(True)
    with pytest.raises(WrongTransaction, match="no transaction is open"):
        guard.check(connection, 418)
    connection.begin()
    guard.check(connection, 418)
    connection.commit()
    assert guard.status(connection) == 418


def test_check_serves_in_the_transaction_that_a_connection_begins_by_itself(connection: Any, guard: Guard) -> None:
    guard.check(connection, 418)
    connection.rollback()
    assert guard.status(connection) == 0


def test_fence_does_not_commit_what_others_began(connection: Any, guard: Guard) -> None:
    connection.begin()
    with pytest.raises(WrongTransaction, match="a transaction is open"), guard.fence(connection, 418):
        pass


def test_a_connection_that_broke_inside_a_transaction_is_told_as_broken(
    store: MysqlStore, connection: Any, guard: Guard
) -> None:
    with pymysql.connect(**store.server.arguments) as other, other.cursor() as cursor:

        def break_off() -> None:
            with guard.fence(connection, 418) as own:
                cursor.execute(f"KILL {connection.thread_id()}")
                own.execute("SELECT 1")

        with pytest.raises(pymysql.err.Error):
            break_off()
        with pytest.raises(pymysql.err.Error):
            guard.stamp(connection, 418)
        assert guard.status(other) == 0


def test_an_old_snapshot_is_no_way_past_a_newer_mark(store: MysqlStore, connection: Any, guard: Guard) -> None:
    guard.stamp(connection, 417)
    with pymysql.connect(**store.server.arguments) as old:
        old.begin()
        with old.cursor() as cursor:
            cursor.execute("SELECT token FROM fence_marks")  # takes the snapshot
        guard.stamp(connection, 418)
        with pytest.raises(StaleToken):
            guard.check(old, 417)
        old.rollback()


def test_a_lock_wait_that_times_out_writes_nothing(store: MysqlStore, connection: Any, guard: Guard) -> None:
    with pymysql.connect(**store.server.arguments, init_command="SET innodb_lock_wait_timeout = 1") as new:
        connection.begin()
        guard.check(connection, 417)  # and now its process is frozen
        with pytest.raises(pymysql.err.OperationalError, match="1205"):
            guard.stamp(new, 418)
        connection.rollback()
        guard.stamp(new, 418)
        assert guard.status(new) == 418


def test_a_database_without_the_table_says_the_statement_that_makes_it(store: MysqlStore, guard: Guard) -> None:
    with pymysql.connect(**store.server.arguments) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS bare")
        connection.select_db("bare")
        with pytest.raises(NotPrepared, match="CREATE TABLE IF NOT EXISTS fence_marks"):
            guard.stamp(connection, 418)
        Guard.prepare(connection)
        guard.stamp(connection, 418)
        cursor.execute("DROP DATABASE bare")


def test_names_of_resources_are_compared_exactly(connection: Any) -> None:
    Guard("Exact").stamp(connection, 9)
    assert Guard("exact").status(connection) == 0
