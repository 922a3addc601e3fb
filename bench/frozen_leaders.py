"""Owns the story of leaders frozen at random: who wakes goes on with an old token, and what becomes of its writes.

Three processes pay batches one after the other, each transaction one batch. One of them leads; it is frozen (SIGSTOP)
at a random instant, another is given the next token, and the first wakes up later and knows of nothing. Every figure is
read from the database, and from what the leaders were told.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psycopg

from leader_sidecar.fencing import StaleToken
from leader_sidecar.fencing.postgresql import Guard

_LEADERS = 3
_STEPS_S = (0.02, 0.15)
# A leader frozen inside its transaction must not keep its successor waiting for ever.
_OPTIONS = "-c idle_in_transaction_session_timeout=50ms -c synchronous_commit=off"


@dataclass(frozen=True)
class Outcome:
    """What the database holds, compared with what leaders were told."""

    paid: int
    twice: int
    skipped: int
    lost: int
    refused: int
    freezes: int

    @property
    def is_clean(self) -> bool:
        return self.twice == self.skipped == self.lost == 0 and self.refused > 0

    def __str__(self) -> str:
        return (
            f"{self.paid} writes, {self.freezes} freezes, {self.refused} refused, "
            f"{self.twice} paid twice, {self.skipped} skipped, {self.lost} acknowledged and lost"
        )


class Story:
    """One run.

    Args:
        dsn: of the database; the table `paid` and the mark are made anew.
        guarded: whether payments go through the guard.
    """

    def __init__(self, dsn: str, guarded: bool, seed: int) -> None:
        self._dsn, self._guarded, self._chance = dsn, guarded, random.Random(seed)
        self._resource = f"frozen-{guarded}-{seed}-{os.getpid()}"

    def run(self, writes: int) -> Outcome:
        """Let leaders pay until so many batches are paid."""
        with psycopg.connect(self._dsn, autocommit=True) as watch:
            Guard.prepare(watch)
            watch.execute("DROP TABLE IF EXISTS paid")
            watch.execute("CREATE TABLE paid (id bigserial PRIMARY KEY, batch bigint, token bigint)")
            watch.execute("CREATE INDEX ON paid (batch)")
            leaders = [_Leader(self._dsn, self._resource, self._guarded) for _ in range(_LEADERS)]
            try:
                freezes = self._stage(watch, leaders, writes)
                told = [leader.end() for leader in leaders]
            finally:
                for leader in leaders:
                    leader.kill()
            return self._outcome(watch, told, freezes)

    def _stage(self, watch: Any, leaders: list[_Leader], writes: int) -> int:
        token, freezes, leading = 1, 0, leaders[0]
        leading.lead(token)
        while _count(watch, "SELECT count(*) FROM paid") < writes:
            time.sleep(self._chance.uniform(*_STEPS_S))
            leading.freeze()
            freezes, token, old = freezes + 1, token + 1, leading
            leading = self._chance.choice([leader for leader in leaders if leader is not old])
            leading.lead(token)
            time.sleep(self._chance.uniform(*_STEPS_S))
            old.wake()
        return freezes

    def _outcome(self, watch: Any, told: list[tuple[set[tuple[int, int]], int]], freezes: int) -> Outcome:
        held = set(watch.execute("SELECT batch, token FROM paid").fetchall())
        acknowledged: set[tuple[int, int]] = set().union(*(one for one, _ in told))
        return Outcome(
            paid=_count(watch, "SELECT count(*) FROM paid"),
            twice=_count(watch, "SELECT count(*) FROM (SELECT FROM paid GROUP BY batch HAVING count(*) > 1) AS twice"),
            skipped=_count(watch, "SELECT coalesce(max(batch), 0) - count(DISTINCT batch) FROM paid"),
            lost=len(acknowledged - held),
            refused=sum(refused for _, refused in told),
            freezes=freezes,
        )


class _Leader:
    """The near end of one process that pays while it believes to lead."""

    def __init__(self, dsn: str, resource: str, guarded: bool) -> None:
        self._near, far = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_pay, args=(far, dsn, resource, guarded), daemon=True)
        self._process.start()
        far.close()

    def lead(self, token: int) -> None:
        self._near.send(token)

    def freeze(self) -> None:
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self._process.pid or 0, signal.SIGCONT)

    def end(self) -> tuple[set[tuple[int, int]], int]:
        """Let it stop, and return the (batch, token) that it was told are paid, and how often it was refused."""
        self.wake()
        self._near.send(0)
        told: tuple[set[tuple[int, int]], int] = self._near.recv()
        self._process.join(10)
        return told

    def kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
            self._process.join(10)


def _pay(orders: Connection, dsn: str, resource: str, guarded: bool) -> None:
    # It tells of every connection that broke under a frozen leader, which is what is staged here.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    guard, paid, refused = Guard(resource), set[tuple[int, int]](), 0
    connection, token, batch = psycopg.connect(dsn, options=_OPTIONS), 0, 0
    while True:
        if token == 0 or orders.poll():
            token = orders.recv()
            if token == 0:
                orders.send((paid, refused))
                return
            batch = 0
        try:
            if batch == 0:
                if guarded:
                    guard.stamp(connection, token)
                with connection.transaction():
                    batch = _count(connection, "SELECT coalesce(max(batch), 0) + 1 FROM paid")
            with guard.fence(connection, token) if guarded else connection.transaction():
                connection.execute("INSERT INTO paid (batch, token) VALUES (%s, %s)", (batch, token))
            paid.add((batch, token))
            batch += 1
        except StaleToken:
            refused += 1
            token = 0
        except psycopg.Error:
            # Frozen for too long inside a transaction: whether the last commit came through is read anew.
            connection.close()
            connection, batch = psycopg.connect(dsn, options=_OPTIONS), 0


def _count(connection: Any, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
