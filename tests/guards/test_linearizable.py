"""What real guards did when many asked at once is what a fenced register can do; what bad guards did is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from guards import bad_elsewhere, bad_sqlite
from guards.bad_judges import CAUGHT_BY
from guards.file_store import FileStore
from guards.http_store import HttpStore
from guards.mysql_store import MysqlSession, MysqlStore
from guards.recording import Recording, kill_and_cut
from guards.redis_store import RedisSession, RedisStore
from guards.sqlite_store import SqliteStore
from guards.store import Store
from guards.stores import Lend, started
from leader_sidecar.history.linearizability import Operation, Outcome, Verdict
from leader_sidecar.history.register import check_registers, explain

STORES = ("sqlite", "file", "postgresql, psycopg", "mariadb", "redis", "http, asgi")
TRIES = 12


def outcome_of(history: Sequence[Operation]) -> Outcome:
    (outcome,) = check_registers(history).values()
    return outcome


@pytest.mark.parametrize("name", STORES)
def test_a_guards_history_is_one_of_a_fenced_register(name: str, tmp_path: Path, lend: Lend) -> None:
    with started(name, tmp_path, lend) as store:
        history = Recording(store, seed=1).run(kill_and_cut)
    results = [one.result for one in history]
    assert None in results, "the outcome of everything is known: nothing was killed"
    assert {"accepted", "refused"} <= set(results)
    outcome = outcome_of(history)
    print(f"{len(history)} operations, {results.count(None)} of unknown outcome, {outcome.steps} steps")
    assert outcome.verdict is Verdict.LINEARIZABLE, "\n".join(explain(outcome))


def must_be_caught(store: Store) -> None:
    """Let the bad guard be asked until what it did cannot be explained."""
    for seed in range(TRIES):
        outcome = outcome_of(Recording(store, seed).run())
        if outcome.verdict is Verdict.NOT_LINEARIZABLE:
            print(f"history {seed}:", *explain(outcome), sep="\n")
            return
    raise AssertionError(f"{TRIES} histories of a bad guard look right")


BAD_SQLITE: dict[str, type[bad_sqlite.Guard]] = {
    mistake: bad_sqlite.BAD[promise] for mistake, promise in CAUGHT_BY.items()
} | {"forgetful": bad_sqlite.Forgetful, "stamps nothing": bad_sqlite.StampsNothing}


@pytest.mark.parametrize("mistake", BAD_SQLITE)
def test_a_bad_guard_of_sqlite_is_found_out(tmp_path: Path, mistake: str) -> None:
    must_be_caught(SqliteStore(tmp_path, BAD_SQLITE[mistake], "bad"))


@pytest.mark.parametrize("mistake", CAUGHT_BY)
@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "redis", "file", "http"])
def test_a_bad_guard_of_another_store_is_found_out(tmp_path: Path, lend: Lend, kind: str, mistake: str) -> None:
    if kind == "http":
        with closing(HttpStore("http, asgi", tmp_path, mistake)) as service:
            must_be_caught(service)
    else:
        must_be_caught(_BAD[kind](tmp_path, lend, mistake))


_BAD: dict[str, Callable[[Path, Lend, str], Store]] = {
    "postgresql": lambda _, lend, mistake: bad_elsewhere.postgresql_store(lend("postgresql"), mistake),
    "mariadb": lambda _, lend, mistake: MysqlStore(
        "bad", lend("mariadb"), partial(MysqlSession, guard=bad_elsewhere.mysql_guard(mistake))
    ),
    "redis": lambda _, lend, mistake: RedisStore(
        "bad", lend("redis"), partial(RedisSession, guard=bad_elsewhere.redis_guard(mistake))
    ),
    "file": lambda folder, _, mistake: FileStore(folder, bad_elsewhere.file_guard(mistake)),
}
