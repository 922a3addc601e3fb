"""What is SQLite's own about its guard: transactions, and ways of opening a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from leader_sidecar.fencing import StaleToken, WrongTransaction
from leader_sidecar.fencing.sqlite import Guard

PAYOUTS = Guard("payouts")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "data.sqlite")


@pytest.fixture
def connection(path: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as one:
        yield one


@pytest.mark.parametrize("level", [None, "DEFERRED", "IMMEDIATE", "EXCLUSIVE"])
def test_every_isolation_level_of_the_driver_will_do(path: str, level: str | None) -> None:
    with closing(sqlite3.connect(path, isolation_level=level)) as connection:  # type: ignore[call-overload]
        with PAYOUTS.fence(connection, 418) as cursor:
            cursor.execute("CREATE TABLE t (x NOT NULL)")
            cursor.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError):
            _break_off(connection)
        assert connection.execute("SELECT x FROM t").fetchall() == [(1,)]
        assert not connection.in_transaction


def _break_off(connection: sqlite3.Connection) -> None:
    with PAYOUTS.fence(connection, 418) as cursor:
        cursor.execute("INSERT INTO t VALUES (2)")
        cursor.execute("INSERT INTO t VALUES (NULL)")


def test_check_needs_an_open_transaction_and_fence_none(connection: sqlite3.Connection) -> None:
    with pytest.raises(WrongTransaction, match="no transaction is open"):
        PAYOUTS.check(connection, 418)
    connection.execute("BEGIN")
    PAYOUTS.check(connection, 418)
    with pytest.raises(WrongTransaction, match="a transaction is open"):
        PAYOUTS.stamp(connection, 418)
    connection.rollback()
    assert PAYOUTS.status(connection) == 0


def test_an_old_snapshot_is_no_way_past_a_newer_mark(path: str, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    PAYOUTS.stamp(connection, 417)
    with closing(sqlite3.connect(path, timeout=0)) as old:
        old.execute("BEGIN")
        old.execute("SELECT * FROM fence_marks").fetchall()  # takes the snapshot
        PAYOUTS.stamp(connection, 418)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            PAYOUTS.check(old, 417)
        old.rollback()
        with pytest.raises(StaleToken):
            PAYOUTS.stamp(old, 417)


def test_a_failed_commit_leaves_no_transaction_open(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), PAYOUTS.fence(connection, 418) as cursor:
        cursor.execute("INSERT INTO b VALUES (7)")
    assert not connection.in_transaction
    assert PAYOUTS.status(connection) == 0


def test_the_table_takes_no_mark_that_is_no_token(connection: sqlite3.Connection) -> None:
    PAYOUTS.stamp(connection, 418)
    for wrong in ("'abc'", "0", "-1", "1.5", "9007199254740992"):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE fence_marks SET token = {wrong}")
