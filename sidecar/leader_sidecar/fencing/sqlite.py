"""Owns the guard of an SQLite database: the mark is a row beside the data, checked under the database's write lock.

payouts = Guard("payouts")
with payouts.fence(connection, term.token) as cursor:  # begins, checks, commits; StaleToken: nothing is written
    cursor.execute("UPDATE batches SET paid = 1 WHERE id = ?", (417,))
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from leader_sidecar.fencing.refusals import StaleToken, WrongTransaction
from leader_sidecar.fencing.statements import statements
from leader_sidecar.fencing.token import read_resource, read_token


class Guard:
    """Refuse writes of older terms.

    Args:
        resource: what is protected; every writer uses the same name.
    """

    sql = statements("sqlite.sql")

    def __init__(self, resource: str) -> None:
        self.resource = read_resource(resource)

    @contextmanager
    def fence(self, connection: sqlite3.Connection, token: object) -> Iterator[sqlite3.Cursor]:
        """Run one transaction of this term: begin, check, the caller's writes, commit.

        Args:
            connection: without an open transaction, of any isolation level.
            token: of the term that writes.

        Raises:
            Refusal: the token is stale, absent or malformed; nothing is written.
            WrongTransaction: a transaction is open: call `check` in it.
        """
        number = read_token(token, self.resource)
        if connection.in_transaction:
            raise WrongTransaction("a transaction is open: call check() in it, or commit it first")
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            self._check(cursor, number)
            yield cursor
            cursor.execute("COMMIT")
        finally:
            # After a COMMIT that failed, and after some errors, SQLite keeps the transaction; after others it does not.
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
            cursor.close()

    def check(self, connection: sqlite3.Connection, token: object) -> None:
        """Check in the caller's own transaction, which must be rolled back when this raises.

        Raises:
            Refusal: as `fence`.
            WrongTransaction: no transaction is open.
        """
        number = read_token(token, self.resource)
        if not connection.in_transaction:
            raise WrongTransaction("no transaction is open: BEGIN IMMEDIATE first, or use fence()")
        cursor = connection.cursor()
        try:
            self._check(cursor, number)
        finally:
            cursor.close()

    def stamp(self, connection: sqlite3.Connection, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        with self.fence(connection, token):
            pass

    def status(self, connection: sqlite3.Connection) -> int:
        """Return the high-water mark, 0 before the first write."""
        try:
            row = connection.execute(self.sql["mark"], (self.resource,)).fetchone()
        except sqlite3.OperationalError as error:
            if not _lacks_table(error):
                raise
            return 0
        return int(row[0]) if row else 0

    def reset(self, connection: sqlite3.Connection, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it.
            token: of the term that leads now.

        Returns:
            False where the mark is another by now; it stays then.
        """
        number = read_token(token, self.resource)
        if connection.in_transaction:
            raise WrongTransaction("a transaction is open: commit it first")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            return connection.execute(self.sql["reset"], (self.resource, poisoned, number)).rowcount == 1

    def _check(self, cursor: sqlite3.Cursor, token: int) -> None:
        try:
            cursor.execute(self.sql["raise"], (self.resource, token))
        except sqlite3.OperationalError as error:
            if not _lacks_table(error):
                raise
            cursor.execute(self.sql["create"])
            cursor.execute(self.sql["raise"], (self.resource, token))
        mark = cursor.execute(self.sql["mark"], (self.resource,)).fetchone()[0]
        if mark != token:
            raise StaleToken(self.resource, token, mark)


def _lacks_table(error: sqlite3.OperationalError) -> bool:
    return str(error) == "no such table: fence_marks"
