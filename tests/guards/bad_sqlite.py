"""Known-bad guards of SQLite, at least one for each promise of the contract that SQLite can break."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from guards.bad_judges import Accepts, as_single_precision, as_text, everything, only_larger
from leader_sidecar.fencing import StaleToken
from leader_sidecar.fencing.sqlite import Guard
from leader_sidecar.fencing.token import read_token

_SET = "INSERT OR REPLACE INTO fence_marks (resource, token) VALUES (?, ?)"


def judging_by(accepts: Accepts) -> type[Guard]:
    """Make a guard that compares in another way."""

    class Judging(Guard):
        def _check(self, cursor: sqlite3.Cursor, token: int) -> None:
            cursor.execute(self.sql["create"])
            row = cursor.execute(self.sql["mark"], (self.resource,)).fetchone()
            mark = row[0] if row else 0
            if not accepts(mark, token):
                raise StaleToken(self.resource, token, mark)
            cursor.execute(_SET, (self.resource, token))

    return Judging


class TwoSteps(Guard):
    """Check in one transaction, write in the next."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        self.stamp(connection, token)
        with connection:
            yield connection.cursor()

    def stamp(self, connection: sqlite3.Connection, token: object) -> None:
        with super().fence(connection, token):
            pass


class Autocommit(Guard):
    """Check, then let each statement commit by itself."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        connection.isolation_level = None
        with super().fence(connection, token):
            pass
        yield connection.cursor()


class Forgetful(Guard):
    """Never raise the mark above the first token."""

    def _check(self, cursor: sqlite3.Cursor, token: int) -> None:
        cursor.execute(self.sql["create"])
        cursor.execute("INSERT OR IGNORE INTO fence_marks (resource, token) VALUES (?, ?)", (self.resource, token))
        mark = cursor.execute(self.sql["mark"], (self.resource,)).fetchone()[0]
        if mark > token:
            raise StaleToken(self.resource, token, mark)


class TrustsAbsence(Guard):
    """Take a write without a token as one that needs none."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        if token is None:
            with connection:
                yield connection.cursor()
        else:
            with super().fence(connection, token) as cursor:
                yield cursor


class Lenient(Guard):
    """Read tokens as `int()` does."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        try:
            number = int(token) or 1  # type: ignore[call-overload]
        except (TypeError, ValueError):
            number = token
        with super().fence(connection, number) as cursor:
            yield cursor


class StampsNothing(Guard):
    """Let the stamp be."""

    def stamp(self, connection: sqlite3.Connection, token: object) -> None:
        pass


class OneMarkForAll(Guard):
    """Keep one mark for every resource."""

    def __init__(self, resource: str) -> None:
        super().__init__("all")


class ResetsAnything(Guard):
    """Reset whatever the mark is."""

    def reset(self, connection: sqlite3.Connection, poisoned: int, token: object) -> bool:
        return super().reset(connection, self.status(connection), token)


class LeavesOpen(Guard):
    """Leave the transaction open when the token is refused or the work breaks off."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        cursor = connection.cursor()
        if not connection.in_transaction:
            cursor.execute("BEGIN IMMEDIATE")
        self._check(cursor, int(str(token)))
        yield cursor
        cursor.execute("COMMIT")


class CommitsAlways(Guard):
    """Commit also what broke off."""

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        number = read_token(token, self.resource)
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            self._check(cursor, number)
            yield cursor
        finally:
            cursor.execute("COMMIT")


BAD: dict[str, type[Guard]] = {
    "equal_token_is_accepted_again": judging_by(only_larger),
    "higher_token_raises_the_mark": Forgetful,
    "lower_token_is_refused_and_writes_nothing": judging_by(everything),
    "tokens_compare_as_numbers": judging_by(as_text),
    "tokens_are_exact_up_to_the_largest": judging_by(as_single_precision),
    "absent_token_is_refused": TrustsAbsence,
    "malformed_token_is_refused": Lenient,
    "stamp_shuts_older_terms_out_before_the_first_write": StampsNothing,
    "resources_do_not_hinder_each_other": OneMarkForAll,
    "poisoned_mark_can_be_reset": ResetsAnything,
    "writer_killed_between_check_and_commit_leaves_nothing": Autocommit,
    "check_and_change_are_one_step": TwoSteps,
    "failed_work_is_undone_and_may_be_tried_again": LeavesOpen,
    "concurrent_writers_keep_the_order": TwoSteps,
    "pooled_connections_carry_nothing_over": CommitsAlways,
}
"""A bad guard by the promise that it breaks. `mark_outlives_a_crash` needs a server: `test_known_bad.py` has it."""
