"""The guard contract: what every guard promises, each promise one function of a store, judged by what the store holds.

`test_contract.py` runs them all on every guard; `test_known_bad.py` runs them on guards that are wrong, and each must
be caught. I5: accepted tokens never decrease, check and change are one step. I6: once token t was accepted or stamped,
nothing below t takes effect, ever (DESIGN §2).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TypeVar

from guards.store import Pool, Session, Store, in_threads
from guards.terms import Terms
from leader_sidecar.fencing import MAX_TOKEN, AbsentToken, MalformedToken, Refusal, StaleToken

WRITERS = 32
WRITES = 10_000
_HELD_S = 0.3

Property = Callable[[Store], None]
Refused = TypeVar("Refused", bound=Refusal)


def refusal_of(work: Callable[[], None], kind: type[Refused], said: str) -> Refused:
    """Return the refusal that the work must end with."""
    try:
        work()
    except kind as refusal:
        return refusal
    raise AssertionError(said)


def must_refuse(session: Session, token: object, high_water: int) -> None:
    """Offer a stale token."""
    said = f"token {token} was accepted after {high_water}"
    refusal = refusal_of(lambda: session.persist(token, f"refused {token}"), StaleToken, said)
    told = (refusal.resource, refusal.token, refusal.high_water)
    assert told == (session.resource, int(str(token)), high_water), told


def equal_token_is_accepted_again(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        for entry in "abc":
            session.write(41, entry)
        assert session.status() == 41
    assert store.entries(resource) == [(41, "a"), (41, "b"), (41, "c")]


def higher_token_raises_the_mark(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        assert session.status() == 0
        for token in (415, 416, 418):
            session.write(token, "x")
            assert session.status() == token
    assert store.entries(resource) == [(415, "x"), (416, "x"), (418, "x")]


def lower_token_is_refused_and_writes_nothing(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as new, closing(store.session(resource)) as old:
        old.write(417, "first")
        new.write(418, "second")
        must_refuse(old, 417, 418)
        must_refuse(old, 1, 418)
        assert old.status() == 418
        new.write(418, "third")
    assert store.entries(resource) == [(417, "first"), (418, "second"), (418, "third")]


def tokens_compare_as_numbers(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        session.write("9", "nine")
        session.write("10", "ten")
        must_refuse(session, "9", 10)
        session.write("100", "hundred")
        must_refuse(session, "99", 100)
    assert store.entries(resource) == [(9, "nine"), (10, "ten"), (100, "hundred")]


def tokens_are_exact_up_to_the_largest(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        session.write(MAX_TOKEN - 1, "last but one")
        session.write(MAX_TOKEN, "last")
        must_refuse(session, MAX_TOKEN - 1, MAX_TOKEN)
        session.write(str(MAX_TOKEN), "as text")
        assert session.status() == MAX_TOKEN
    assert [entry for _, entry in store.entries(resource)] == ["last but one", "last", "as text"]


def absent_token_is_refused(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        said = "a write without a token was accepted"
        assert refusal_of(lambda: session.write(None, "without"), AbsentToken, said).resource == resource
        assert session.status() == 0
    assert store.entries(resource) == []


def malformed_token_is_refused(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        for token in store.malformed:
            offer = partial(session.write, token, "malformed")
            assert refusal_of(offer, MalformedToken, f"{token!r} was accepted").resource == resource
        assert session.status() == 0
        session.write(12, "good")
    assert store.entries(resource) == [(12, "good")]


def stamp_shuts_older_terms_out_before_the_first_write(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as old, closing(store.session(resource)) as new:
        old.write(417, "old")
        new.stamp(418)
        new.stamp(418)
        must_refuse(old, 417, 418)
        assert refusal_of(lambda: old.stamp(417), StaleToken, "an older term could stamp").high_water == 418
        new.write(418, "new")
    assert store.entries(resource) == [(417, "old"), (418, "new")]


def resources_do_not_hinder_each_other(store: Store) -> None:
    one, other = store.new_resource(), store.new_resource()
    with closing(store.session(one)) as first, closing(store.session(other)) as second:
        first.write(900, "x")
        second.write(3, "y")
        assert (first.status(), second.status()) == (900, 3)
    assert store.entries(other) == [(3, "y")]


def poisoned_mark_can_be_reset(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        session.stamp(MAX_TOKEN)
        must_refuse(session, 418, MAX_TOKEN)
        assert not session.reset(MAX_TOKEN - 1, 418), "a mark that is not the one named stays"
        assert session.status() == MAX_TOKEN
        assert session.reset(MAX_TOKEN, 418)
        session.write(418, "on")
        must_refuse(session, 417, 418)
    assert store.entries(resource) == [(418, "on")]


def mark_outlives_a_crash(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        session.write(417, "before")
        session.stamp(418)
    store.crash()
    with closing(store.session(resource)) as session:
        assert session.status() == 418
        must_refuse(session, 417, 418)
        session.write(418, "after")
    assert store.entries(resource) == [(417, "before"), (418, "after")]


def writer_killed_between_check_and_commit_leaves_nothing(store: Store) -> None:
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        session.write(416, "before")
    store.die_halfway(resource, 417, "halfway")
    with closing(store.session(resource)) as session:
        session.persist(418, "after")
        must_refuse(session, 417, 418)
    assert store.entries(resource) == [(416, "before"), (418, "after")]


def check_and_change_are_one_step(store: Store) -> None:
    """Hold a write of the old term open after its check, and let the new term stamp and write meanwhile."""
    resource = store.new_resource()
    with closing(store.session(resource)) as old, closing(store.session(resource)) as new:
        old.write(417, "first")
        done = threading.Event()

        def succeed() -> None:
            new.persist(418, "new")
            done.set()

        successor = threading.Thread(target=succeed, daemon=True)
        try:
            with old.guarded(417) as append:
                successor.start()
                overtook = done.wait(_HELD_S)
                append("late")
        except StaleToken:
            assert overtook, "refused although nothing later was written"
        successor.join(30)
        assert done.is_set(), "the new term was kept out"
        must_refuse(old, 417, 418)
    tokens = [token for token, _ in store.entries(resource)]
    assert tokens == sorted(tokens), f"an older term's write took effect after a newer one's: {tokens}"


def failed_work_is_undone_and_may_be_tried_again(store: Store) -> None:
    """A transaction that breaks off writes nothing; the same one tried again takes effect once."""
    resource = store.new_resource()
    with closing(store.session(resource)) as session:
        for attempt in range(3):
            try:
                with session.guarded(417) as append:
                    append("once")
                    if attempt < 2:
                        raise ConnectionResetError("the work breaks off")
            except ConnectionResetError:
                assert store.entries(resource) == []
        with closing(store.session(resource)) as new:
            new.stamp(418)
        must_refuse(session, 417, 418)
    assert store.entries(resource) == [(417, "once")]


def concurrent_writers_keep_the_order(store: Store, writes: int = WRITES) -> None:
    """32 writers, each of which goes on as leader until it is refused, or leads anew at times."""
    resource, terms = store.new_resource(), Terms()
    share = [writes // WRITERS + (number < writes % WRITERS) for number in range(WRITERS)]

    def work(number: int) -> None:
        chance, token = random.Random(number), 1
        with closing(store.session(resource)) as session:
            for count in range(share[number]):
                if chance.random() < 0.02:
                    token = terms.next(chance)
                if not terms.keep(session, token, f"{number}.{count}") and chance.random() < 0.7:
                    token = terms.newest

    in_threads(WRITERS, work)
    with closing(store.session(resource)) as session:
        terms.judge(store, resource, session.status(), writes)


def pooled_connections_carry_nothing_over(store: Store) -> None:
    """A connection on which a token was refused, or a transaction broke off, serves the next writer as new."""
    resource, terms = store.new_resource(), Terms()
    pool = Pool(store, resource, 3)

    def work(number: int) -> None:
        chance, token = random.Random(1000 + number), 1
        for count in range(40):
            if chance.random() < 0.1:
                token = terms.next(chance)
            with pool.lend() as session:
                if chance.random() < 0.1:
                    _break_off(session, token)
                terms.keep(session, token, f"{number}.{count}")

    try:
        in_threads(8, work)
        with pool.lend() as session:
            terms.judge(store, resource, session.status(), 320)
    finally:
        pool.close()


def _break_off(session: Session, token: int) -> None:
    try:
        with session.guarded(token) as append:
            append("broken off")
            raise InterruptedError
    except (InterruptedError, StaleToken):
        pass
    except Exception as error:
        if not session.may_retry(error):
            raise


PROPERTIES: tuple[Property, ...] = (
    equal_token_is_accepted_again,
    higher_token_raises_the_mark,
    lower_token_is_refused_and_writes_nothing,
    tokens_compare_as_numbers,
    tokens_are_exact_up_to_the_largest,
    absent_token_is_refused,
    malformed_token_is_refused,
    stamp_shuts_older_terms_out_before_the_first_write,
    resources_do_not_hinder_each_other,
    poisoned_mark_can_be_reset,
    mark_outlives_a_crash,
    writer_killed_between_check_and_commit_leaves_nothing,
    check_and_change_are_one_step,
    failed_work_is_undone_and_may_be_tried_again,
    concurrent_writers_keep_the_order,
    pooled_connections_carry_nothing_over,
)
