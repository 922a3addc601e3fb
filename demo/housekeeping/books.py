"""Owns the ledger's database: the batch pointer, payments and expired rows behind one guard, and the evidence.

The books are kept in SQLite, or in PostgreSQL where a DSN is given. With `guarded=False` the token is written down and
not looked at: that is the switch of the demonstration.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from leader_sidecar.fencing import Refusal, StaleToken
from leader_sidecar.fencing.token import read_token

RESOURCE = "payouts"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS pointer (batch BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS payments"
    " (batch BIGINT, merchant TEXT, cents BIGINT, token BIGINT, at_s DOUBLE PRECISION)",
    "CREATE TABLE IF NOT EXISTS refusals (token TEXT, high_water BIGINT, what TEXT, at_s DOUBLE PRECISION)",
    "CREATE TABLE IF NOT EXISTS writes (token BIGINT, what TEXT, at_s DOUBLE PRECISION)",
    "CREATE TABLE IF NOT EXISTS expiring (number BIGINT, at_s DOUBLE PRECISION)",
)


class Misplaced(Exception):
    """The write is for another batch than the pointer's."""


class Books:
    """The ledger's state.

    Args:
        place: a file for SQLite, or a `postgresql://` DSN.
        seed: decides the first batch, the merchants and their amounts.
        guarded: whether older tokens are refused.
        say: told each write that was accepted or refused, in their order.
    """

    def __init__(
        self, place: str, *, seed: int, guarded: bool, say: Callable[..., None] = lambda event, **fields: None
    ) -> None:
        self.guarded = guarded
        self._say = say
        self._rng = random.Random(seed)
        self._first = self._rng.randrange(100, 1000)
        self._merchants = [f"merchant-{number:03}" for number in sorted(self._rng.sample(range(1000), 40))]
        self._seed = seed
        self._turn = threading.Lock()
        self._connection, self._guard, self._mark = _open(place)
        with self._turn, self._transaction() as run:
            for statement in _SCHEMA:
                run(statement)
            if run("SELECT count(*) FROM pointer").fetchone()[0] == 0:
                run("INSERT INTO pointer VALUES (?)", self._first)
                for number in range(500):
                    run("INSERT INTO expiring VALUES (?, ?)", number, now_s() + self._rng.uniform(0.0, 120.0))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def batch(self) -> dict[str, Any]:
        """Return the batch at the pointer, its merchants, and those that were paid."""
        with self._turn, self._transaction() as run:
            number = run("SELECT batch FROM pointer").fetchone()[0]
            paid = [row[0] for row in run("SELECT DISTINCT merchant FROM payments WHERE batch = ?", number).fetchall()]
        return {"batch": number, "merchants": list(self._due(number)), "paid": paid}

    def stamp(self, token: object) -> None:
        """Shut older terms out."""
        with self._write(token, "stamp"):
            pass

    def pay(self, token: object, batch: int, merchant: str) -> None:
        """Pay one merchant. Raises: Refusal, Misplaced."""
        cents = self._due(batch).get(merchant)
        if cents is None:
            raise Misplaced(f"{merchant} is not in batch {batch}")
        with self._write(token, f"pay {batch}/{merchant}") as run:
            run("INSERT INTO payments VALUES (?, ?, ?, ?, ?)", batch, merchant, cents, int(str(token)), now_s())

    def move(self, token: object, batch: int) -> None:
        """Move the pointer on from this batch. Raises: Refusal; Misplaced where it stands elsewhere."""
        with self._write(token, f"pointer {batch} -> {batch + 1}") as run:
            moved = run("UPDATE pointer SET batch = ? WHERE batch = ?", batch + 1, batch).rowcount
            if moved != 1:
                raise Misplaced(f"the pointer is not at {batch}")

    def purge(self, token: object) -> int:
        """Delete the rows that have expired; return how many they were. Raises: Refusal."""
        with self._write(token, "purge") as run:
            return int(run("DELETE FROM expiring WHERE at_s < ?", now_s()).rowcount)

    def evidence(self) -> dict[str, Any]:
        """Tell what was written, what was refused, who was paid twice and who never."""
        with self._turn, self._transaction() as run:
            pointer = run("SELECT batch FROM pointer").fetchone()[0]
            payments = run("SELECT batch, merchant, cents, token FROM payments ORDER BY at_s").fetchall()
            writes = run("SELECT at_s, token, what FROM writes ORDER BY at_s").fetchall()
            refusals = run("SELECT at_s, token, what, high_water FROM refusals ORDER BY at_s").fetchall()
        tokens: dict[tuple[int, str], list[int]] = {}
        for batch, merchant, _, token in payments:
            tokens.setdefault((batch, merchant), []).append(token)
        due = [(batch, merchant) for batch in range(self._first, pointer) for merchant in self._due(batch)]
        return {
            "guarded": self.guarded,
            "first_batch": self._first,
            "pointer": pointer,
            "payments": len(payments),
            "cents": sum(row[2] for row in payments),
            "paid_twice": [
                {"batch": batch, "merchant": merchant, "tokens": seen}
                for (batch, merchant), seen in tokens.items()
                if len(seen) > 1
            ],
            "never_paid": [
                {"batch": batch, "merchant": merchant} for batch, merchant in due if (batch, merchant) not in tokens
            ],
            "accepted": [{"at_s": at_s, "token": token, "what": what} for at_s, token, what in writes],
            "refused": [
                {"at_s": at_s, "token": token, "what": what, "high_water": mark} for at_s, token, what, mark in refusals
            ],
        }

    def _due(self, batch: int) -> dict[str, int]:
        rng = random.Random(self._seed * 1_000_003 + batch)
        return {
            merchant: rng.randrange(100, 100_000) for merchant in rng.sample(self._merchants, rng.randrange(10, 15))
        }

    @contextmanager
    def _write(self, token: object, what: str) -> Iterator[Any]:
        """Run one write and the evidence of it in one transaction, behind the guard."""
        with self._turn:
            try:
                number = read_token(token, RESOURCE)
                with self._fenced(number) as run:
                    yield run
                    run("INSERT INTO writes VALUES (?, ?, ?)", number, what, now_s())
                self._say("accepted", resource=RESOURCE, token=number, what=what)
            except Refusal as refusal:
                mark = refusal.high_water if isinstance(refusal, StaleToken) else 0
                with self._transaction() as run:
                    run("INSERT INTO refusals VALUES (?, ?, ?, ?)", str(token)[:40], mark, what, now_s())
                told = refusal.token if isinstance(refusal, StaleToken) else str(token)[:40]
                self._say("refused", resource=RESOURCE, token=told, high_water=mark, what=what)
                raise

    @contextmanager
    def _fenced(self, token: int) -> Iterator[Any]:
        if not self.guarded:
            with self._transaction() as run:
                yield run
            return
        with self._guard.fence(self._connection, token) as inside:
            yield self._runner(inside)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._connection:
            yield self._runner(self._connection)

    def _runner(self, inside: Any) -> Any:
        return lambda sql, *values: inside.execute(sql.replace("?", self._mark), values)


def now_s() -> float:
    """Return seconds of CLOCK_BOOTTIME, the clock of the sidecars of this machine too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _open(place: str) -> tuple[Any, Any, str]:
    """Open the database: its connection, its guard, and how it marks a value in a statement."""
    if place.startswith(("postgresql://", "postgres://")):
        import psycopg

        from leader_sidecar.fencing import postgresql

        connection = psycopg.connect(place)
        connection.execute(postgresql.CREATE)
        connection.commit()
        return _PostgreSQL(connection), postgresql.Guard(RESOURCE), "%s"
    from leader_sidecar.fencing import sqlite

    opened = sqlite3.connect(place, check_same_thread=False)
    opened.execute("PRAGMA journal_mode = WAL")
    return opened, sqlite.Guard(RESOURCE), "?"


class _PostgreSQL:
    """A connection of psycopg that `with` does not close."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> Any:
        self._transaction = self._connection.transaction()
        return self._transaction.__enter__()

    def __exit__(self, *what: Any) -> Any:
        return self._transaction.__exit__(*what)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
