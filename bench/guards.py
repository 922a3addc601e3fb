"""Owns what a guard costs, measured beside the same write without it: `python -m bench.guards`."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pymysql
import redis
from rich.console import Console
from rich.table import Table

from bench.frozen_leaders import Story
from guards.servers import Mariadb, Postgresql, Redis
from leader_sidecar.fencing import mysql, postgresql, sqlite
from leader_sidecar.fencing import redis as redis_guard

Write = Callable[[], object]
_WRITERS = 8
_TURNS = 12


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.guards", description="Measure what guards cost.")
    parser.add_argument("--rounds", type=int, default=3000, help="writes of each kind, taken in turns (default 3000)")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long eight writers write, each way (default 6)")
    parser.add_argument(
        "--writes", type=int, default=100_000, help="writes of leaders frozen at random (default 100000)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the freezes (default 1)")
    flags = parser.parse_args(argv)
    console = Console(highlight=False)
    overhead = Table("store", "n", "plain p50", "guarded p50", "more", "asked", title="one write in a transaction")
    crowd = Table(
        "store", "plain", "guarded", "share", "asked", title="eight writers, eight resources, writes per second"
    )
    with console.status("") as now, tempfile.TemporaryDirectory() as folder, Postgresql(fsync=True) as pg:
        with Redis() as red, Mariadb() as maria:
            _prepare(pg)
            for name, pair, asked_ms in _pairs(Path(folder), pg, red, maria):
                now.update(f"overhead: {name}")
                _overhead_row(overhead, name, *pair, flags.rounds, asked_ms)
            for name, session, asked in (
                ("PostgreSQL, a payment and its entry", partial(_psycopg, pg, write=_payment), "≥ 75%"),
                ("PostgreSQL, one row, the least there is", partial(_psycopg, pg), "–"),
                ("Redis", partial(_redis, red), "≥ 75%"),
            ):
                now.update(f"throughput: {name}")
                _crowd_row(crowd, name, session, flags.seconds, asked)
        now.update("frozen leaders")
        guarded = Story(pg.dsn, guarded=True, seed=flags.seed).run(flags.writes)
        control = Story(pg.dsn, guarded=False, seed=flags.seed).run(max(2000, flags.writes // 10))
    console.print(overhead, crowd)
    console.print(f"leaders frozen at random, PostgreSQL, guarded:   {guarded}")
    console.print(f"leaders frozen at random, PostgreSQL, unguarded: {control}")
    date = time.strftime("%Y-%m-%d")
    console.print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {date}")
    return 0 if guarded.is_clean and control.twice else 1


def _pairs(folder: Path, pg: Postgresql, red: Redis, maria: Mariadb) -> list[tuple[str, tuple[Write, Write], float]]:
    return [
        ("PostgreSQL, psycopg", _psycopg(pg, "one"), 0.25),
        ("PostgreSQL, asyncpg", _asyncpg(pg, "one"), 0.25),
        ("SQLite", _sqlite(folder), 0.1),
        ("Redis", _redis(red, "one"), 0.1),
        ("MariaDB, PyMySQL", _pymysql(maria), float("nan")),
    ]


def _prepare(server: Postgresql) -> None:
    with psycopg.connect(server.dsn) as connection:
        postgresql.Guard.prepare(connection)
        connection.execute("CREATE TABLE written (id bigserial PRIMARY KEY, entry text)")
        connection.execute("CREATE TABLE payments (id bigserial PRIMARY KEY, merchant text, cents bigint)")


def _row(connection: Any) -> None:
    connection.execute("INSERT INTO written (entry) VALUES (%s)", ("x",))


def _payment(connection: Any) -> None:
    """Do what the demo's ledger does in a write: pay a merchant, and note that it was done."""
    connection.execute("INSERT INTO payments (merchant, cents) VALUES (%s, %s)", ("merchant-001", 4200))
    _row(connection)


def _psycopg(server: Postgresql, resource: str, write: Callable[[Any], None] = _row) -> tuple[Write, Write]:
    guard, connection = postgresql.Guard(resource), psycopg.connect(server.dsn)

    def plain() -> None:
        with connection.transaction():
            write(connection)

    def guarded() -> None:
        with guard.fence(connection, 418):
            write(connection)

    return plain, guarded


def _asyncpg(server: Postgresql, resource: str) -> tuple[Write, Write]:
    guard, runner = postgresql.AsyncGuard(resource), asyncio.Runner()
    parts = dict(part.split("=") for part in server.dsn.split())
    connect = asyncpg.connect(host=parts["host"], user=parts["user"], database=parts["dbname"])
    connection: Any = runner.run(_awaited(connect))

    async def plain() -> None:
        async with connection.transaction():
            await connection.execute("INSERT INTO written (entry) VALUES ($1)", "x")

    async def guarded() -> None:
        async with guard.fence(connection, 418):
            await connection.execute("INSERT INTO written (entry) VALUES ($1)", "x")

    return lambda: runner.run(plain()), lambda: runner.run(guarded())


async def _awaited(what: Any) -> Any:
    return await what


def _sqlite(folder: Path) -> tuple[Write, Write]:
    guard, connection = sqlite.Guard("one"), sqlite3.connect(folder / "data.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE written (id INTEGER PRIMARY KEY, entry TEXT)")

    def plain() -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("INSERT INTO written (entry) VALUES ('x')")
            cursor.execute("COMMIT")

    def guarded() -> None:
        with guard.fence(connection, 418) as cursor:
            cursor.execute("INSERT INTO written (entry) VALUES ('x')")

    return plain, guarded


def _redis(server: Redis, resource: str) -> tuple[Write, Write]:
    guard, client = redis_guard.Guard(resource), redis.Redis(unix_socket_path=server.socket)
    key = f"{{{resource}}}pointer"

    def guarded() -> None:
        with guard.fence(client, 418) as batch:
            batch.execute("SET", key, "x")

    return lambda: client.set(key, "x"), guarded


def _pymysql(server: Mariadb) -> tuple[Write, Write]:
    guard, connection = mysql.Guard("one"), pymysql.connect(**server.arguments)
    mysql.Guard.prepare(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE written (id BIGINT AUTO_INCREMENT PRIMARY KEY, entry TEXT) ENGINE=InnoDB")

    def plain() -> None:
        with connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute("INSERT INTO written (entry) VALUES ('x')")
            connection.commit()

    def guarded() -> None:
        with guard.fence(connection, 418) as cursor:
            cursor.execute("INSERT INTO written (entry) VALUES ('x')")

    return plain, guarded


def _overhead_row(table: Table, name: str, plain: Write, guarded: Write, rounds: int, asked_ms: float) -> None:
    """Take both writes in turns, in random order, so that both meet the same machine."""
    chance, took_ms = random.Random(1), {plain: [], guarded: []}  # type: dict[Write, list[float]]
    for write in (plain, guarded) * 50:
        write()
    for _ in range(rounds):
        for write in chance.sample((plain, guarded), 2):
            began_s = time.perf_counter()
            write()
            took_ms[write].append((time.perf_counter() - began_s) * 1000)
    before, after = (statistics.median(took_ms[write]) for write in (plain, guarded))
    asked = "–" if asked_ms != asked_ms else f"≤ {asked_ms:g} ms"
    table.add_row(name, str(rounds), f"{before:.3f} ms", f"{after:.3f} ms", f"{after - before:+.3f} ms", asked)


def _crowd_row(
    table: Table, name: str, session: Callable[[str], tuple[Write, Write]], seconds: float, asked: str
) -> None:
    """Let eight processes write, without and with the guard in turns, so that both meet the same machine."""
    context = multiprocessing.get_context("fork")
    counts, phase = context.Array("q", _WRITERS), context.Value("i", -1)
    writers = [
        context.Process(target=_write_on, args=(session, i, phase, counts), daemon=True) for i in range(_WRITERS)
    ]
    for writer in writers:
        writer.start()
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(_TURNS):
        for which in (0, 1):
            phase.value = which
            time.sleep(0.1)
            before, began_s = sum(counts), time.perf_counter()
            time.sleep(seconds / _TURNS)
            rates[which].append((sum(counts) - before) / (time.perf_counter() - began_s))
    phase.value = 2
    for writer in writers:
        writer.join(10)
    share = statistics.median(with_it / without for without, with_it in zip(*rates, strict=True))
    plain, guarded = (statistics.median(rate) for rate in rates)
    table.add_row(name, f"{plain:.0f}", f"{guarded:.0f}", f"{share:.0%}", asked)


def _write_on(session: Callable[[str], tuple[Write, Write]], number: int, phase: Any, counts: Any) -> None:
    writes = session(f"crowd{number}")
    while phase.value < 2:
        if phase.value < 0:
            time.sleep(0.01)
            continue
        writes[phase.value]()
        counts[number] += 1


if __name__ == "__main__":
    sys.exit(main())
