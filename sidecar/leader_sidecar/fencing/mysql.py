"""Owns the guard of a MySQL or MariaDB database: the mark is a row, locked from the check to the commit.

    payouts = Guard("payouts")  # PyMySQL, mysqlclient or MySQL Connector
    with payouts.fence(connection, term.token) as cursor:  # begins, checks, commits; StaleToken: nothing is written
        cursor.execute("UPDATE batches SET paid = 1 WHERE id = %s", (417,))

Any isolation level will do, and every table written must be InnoDB. Writers of one resource take turns. A deadlock or a
lock wait that timed out (1213, 1205) is to be retried as a whole, the check included. A leader frozen inside a
transaction keeps its successor waiting until `innodb_lock_wait_timeout`; `idle_transaction_timeout` (MariaDB) ends it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from leader_sidecar.fencing.refusals import NotPrepared, StaleToken, WrongTransaction
from leader_sidecar.fencing.statements import statements
from leader_sidecar.fencing.token import read_resource, read_token

_IN_TRANSACTION = 1  # SERVER_STATUS_IN_TRANS of the wire protocol
_NO_SUCH_TABLE = 1146


class Guard:
    """Refuse writes of older terms.

    Args:
        resource: what is protected; every writer uses the same name.
    """

    sql = statements("mysql.sql")

    def __init__(self, resource: str) -> None:
        self.resource = read_resource(resource)

    @contextmanager
    def fence(self, connection: Any, token: object) -> Iterator[Any]:
        """Run one transaction of this term: begin, check, the caller's writes, commit.

        Args:
            connection: of a DB-API driver, without an open transaction, autocommit or not.
            token: of the term that writes.

        Yields:
            A cursor.

        Raises:
            Refusal: the token is stale, absent or malformed; nothing is written.
            NotPrepared: `prepare` was never run on this database.
            WrongTransaction: a transaction is open: call `check` in it.
        """
        number = read_token(token, self.resource)
        if _in_transaction(connection):
            raise WrongTransaction("a transaction is open: call check() in it, or commit it first")
        cursor = connection.cursor()
        cursor.execute("START TRANSACTION")
        try:
            self._check(cursor, number)
            yield cursor
            connection.commit()
        except BaseException:
            try:
                connection.rollback()
            except Exception:
                # Broken, or no one knows in which state: the server rolls back when it is closed.
                with suppress(Exception):
                    connection.close()
            raise
        finally:
            with suppress(Exception):
                cursor.close()

    def check(self, connection: Any, token: object) -> None:
        """Check in the caller's own transaction, which must be rolled back when this raises.

        Raises:
            Refusal, NotPrepared: as `fence`.
            WrongTransaction: an autocommit connection without an open transaction.
        """
        number = read_token(token, self.resource)
        if not _in_transaction(connection) and _autocommit(connection):
            raise WrongTransaction("no transaction is open: START TRANSACTION first, or use fence()")
        with connection.cursor() as cursor:
            self._check(cursor, number)

    def stamp(self, connection: Any, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        with self.fence(connection, token):
            pass

    def status(self, connection: Any) -> int:
        """Return the high-water mark, 0 before the first write."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql["status"], (self.resource,))
            row = cursor.fetchone()
        connection.commit()
        return int(row[0]) if row else 0

    def reset(self, connection: Any, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it.
            token: of the term that leads now.

        Returns:
            False where the mark is another by now; it stays then.
        """
        number = read_token(token, self.resource)
        with connection.cursor() as cursor:
            changed = cursor.execute(self.sql["reset"], (number, self.resource, poisoned)) or cursor.rowcount
        connection.commit()
        return int(changed) == 1

    @classmethod
    def prepare(cls, connection: Any) -> None:
        """Make the table; needs the right to create one. Commits what is open, as every such statement there does."""
        with connection.cursor() as cursor:
            cursor.execute(cls.sql["create"])

    def _check(self, cursor: Any, token: int) -> None:
        try:
            cursor.execute(self.sql["raise"], (self.resource, token))
        except Exception as error:
            if error.args and error.args[0] == _NO_SUCH_TABLE:
                raise NotPrepared(f"run Guard.prepare(connection) once, or: {self.sql['create']}") from error
            raise
        cursor.execute(self.sql["mark"], (self.resource,))
        mark = int(cursor.fetchone()[0])
        if mark != token:
            raise StaleToken(self.resource, token, mark)


def _in_transaction(connection: Any) -> bool:
    told = getattr(connection, "in_transaction", None)  # MySQL Connector
    if told is not None:
        return bool(told)
    # PyMySQL; of a broken connection it keeps the last status, and its own error says best what is wrong.
    return bool(getattr(connection, "open", True) and getattr(connection, "server_status", 0) & _IN_TRANSACTION)


def _autocommit(connection: Any) -> bool:
    told = getattr(connection, "autocommit", None)
    return told if isinstance(told, bool) else bool(connection.get_autocommit())
