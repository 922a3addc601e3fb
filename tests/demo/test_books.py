"""The ledger's books: what is written, refused and told, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from guards.conftest import lend  # noqa: F401
from guards.stores import Lend
from leader_sidecar.fencing import AbsentToken, MalformedToken, StaleToken
from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import read_logs

sys.path.insert(0, str(Path(__file__).parents[2] / "demo"))

from housekeeping.books import Books, Misplaced
from housekeeping.saying import say

Open = Callable[..., Books]


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path, lend: Lend) -> Iterator[Open]:  # noqa: F811
    """Give an action that opens the same books, again where it is called again."""
    place = str(tmp_path / "ledger.db")
    if request.param == "postgresql":
        server = lend("postgresql")
        name = f"books_{secrets.token_hex(4)}"
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        place = f"postgresql://guard@/{name}?host={server.folder}"
    opened: list[Books] = []

    def open_books(*, seed: int = 417, guarded: bool = True) -> Books:
        opened.append(Books(place, seed=seed, guarded=guarded, say=say))
        return opened[-1]

    yield open_books
    for one in opened:
        one.close()


def pay_all(one: Books, token: int) -> int:
    """Pay the batch at the pointer and move on; return its number."""
    batch = one.batch()
    for merchant in batch["merchants"]:
        if merchant not in batch["paid"]:
            one.pay(token, batch["batch"], merchant)
    one.move(token, batch["batch"])
    return int(batch["batch"])


def test_batches_are_paid_one_by_one_and_nobody_twice(books: Open) -> None:
    one = books()
    assert [pay_all(one, 3), pay_all(one, 3)] == [one.evidence()["first_batch"], one.evidence()["first_batch"] + 1]
    told = one.evidence()
    assert told["pointer"] == told["first_batch"] + 2
    assert (told["paid_twice"], told["never_paid"], told["refused"]) == ([], [], [])
    assert told["payments"] == len(told["accepted"]) - 2


def test_an_older_term_is_refused_and_the_refusal_is_evidence(books: Open) -> None:
    one = books()
    batch = one.batch()
    one.pay(3, batch["batch"], batch["merchants"][0])
    one.stamp(6)
    with pytest.raises(StaleToken):
        one.pay(3, batch["batch"], batch["merchants"][1])
    told = one.evidence()
    assert told["payments"] == 1
    assert [(row["token"], row["high_water"]) for row in told["refused"]] == [("3", 6)]


@pytest.mark.parametrize("guarded", [True, False])
def test_its_log_shows_whether_it_was_guarded(books: Open, guarded: bool, capsys: pytest.CaptureFixture[str]) -> None:
    one = books(guarded=guarded)
    batch = one.batch()
    one.stamp(3)
    one.pay(3, batch["batch"], batch["merchants"][0])
    one.pay(6, batch["batch"], batch["merchants"][1])
    with contextlib.suppress(StaleToken):
        one.pay(3, batch["batch"], batch["merchants"][2])
    with pytest.raises(MalformedToken):
        one.stamp("03")
    log = read_logs([("ledger.log", capsys.readouterr().out.splitlines())])
    assert (log.faults, log.not_json) == ([], 0)
    found = {verdict.promise: verdict for verdict in judge(log) if verdict.facts}
    assert {promise: len(verdict.violations) for promise, verdict in found.items()} == {"I5": 1 - guarded, "I6": 0}
    if not guarded:
        ((before, late),) = (one.lines for one in found["I5"].violations)
        assert (before.token, late.token) == (6, 3)
    assert all(line.boot_id and line.at_s for line in log.lines)


def test_without_the_guard_an_older_term_pays_twice_and_that_is_told(books: Open) -> None:
    one = books(guarded=False)
    batch = one.batch()
    merchant = batch["merchants"][0]
    one.pay(6, batch["batch"], merchant)
    one.pay(3, batch["batch"], merchant)
    assert one.evidence()["paid_twice"] == [{"batch": batch["batch"], "merchant": merchant, "tokens": [6, 3]}]


def test_a_merchant_that_was_passed_over_is_told(books: Open) -> None:
    one = books()
    batch = one.batch()
    for merchant in batch["merchants"][1:]:
        one.pay(3, batch["batch"], merchant)
    one.move(3, batch["batch"])
    assert one.evidence()["never_paid"] == [{"batch": batch["batch"], "merchant": batch["merchants"][0]}]


@pytest.mark.parametrize(("token", "refusal"), [(None, AbsentToken), ("x", MalformedToken), ("03", MalformedToken)])
def test_what_is_no_token_is_refused(books: Open, token: object, refusal: type[Exception]) -> None:
    one = books()
    with pytest.raises(refusal):
        one.stamp(token)
    assert len(one.evidence()["refused"]) == 1


def test_a_write_for_another_batch_changes_nothing(books: Open) -> None:
    one = books()
    with pytest.raises(Misplaced):
        one.move(3, one.batch()["batch"] + 1)
    with pytest.raises(Misplaced):
        one.pay(3, one.batch()["batch"], "nobody")
    assert one.evidence()["accepted"] == []


def test_the_books_are_kept_over_a_restart(books: Open) -> None:
    paid = pay_all(books(), 3)
    again = books()
    assert again.batch()["batch"] == paid + 1
    with pytest.raises(StaleToken):
        again.stamp(2)


def test_expired_rows_are_purged_once(books: Open) -> None:
    one = books()
    first, second = one.purge(3), one.purge(3)
    assert first + second < 500
    assert second <= 20


def test_another_seed_gives_other_numbers(tmp_path: Path) -> None:
    one, other = (Books(str(tmp_path / str(seed)), seed=seed, guarded=True) for seed in (1, 2))
    assert one.batch() != other.batch()
    one.close()
    other.close()
