"""Owns the guard of a PostgreSQL database: the check of the function `fence`, which lies beside as `postgresql.sql`.

    payouts = Guard("payouts")  # with psycopg 3; AsyncGuard with asyncpg or psycopg's AsyncConnection
    with payouts.fence(connection, term.token):  # begins, checks, commits; StaleToken: nothing is written
        connection.execute("UPDATE batches SET paid = true WHERE id = %s", (417,))

Any isolation level will do. A serialization failure (SQLSTATE 40001) is to be retried as a whole, the check included.
A higher token waits for transactions of older terms in flight: set `idle_in_transaction_session_timeout`, so that one
of a frozen leader ends. A stand-by that is promoted without the last commits has lost marks with them.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from leader_sidecar.fencing.refusals import MalformedToken, NotPrepared, StaleToken, WrongTransaction
from leader_sidecar.fencing.token import read_resource, read_token

CREATE = Path(__file__).with_name("postgresql.sql").read_text(encoding="utf-8")
"""Makes the table and the function, any number of times."""

_STATUS = "SELECT coalesce((SELECT token FROM fence_marks WHERE resource = %s), 0)"
_RESET = "UPDATE fence_marks SET token = %s WHERE resource = %s AND token = %s RETURNING token"
_FENCE = "SELECT fence(%s, %s::bigint)"
# The function's first statement, asked without the function: eight writers lose a fifth of their writes, not a quarter.
_SAME_TERM = """SELECT 1 FROM fence_marks WHERE resource = %s AND CASE WHEN token = %s
  THEN pg_advisory_xact_lock_shared(hashtextextended('leader-sidecar fence ' || resource, 0)) IS NOT NULL END
  FOR SHARE"""
_NO_TRANSACTION = "no transaction is open: the check would end before the write; begin one first, or use fence()"
_OPEN = "a transaction is open: call check() in it, or commit it first"
# psycopg.pq.TransactionStatus ACTIVE, INTRANS, INERROR. A broken connection is in none: its driver says so best.
_IN_TRANSACTION = (1, 2, 3)


class Guard:
    """Refuse writes of older terms over a connection of psycopg 3.

    Args:
        resource: what is protected; every writer uses the same name.
    """

    same_term = _SAME_TERM

    def __init__(self, resource: str) -> None:
        self.resource = read_resource(resource)
        self._cursor: Any = None

    @contextmanager
    def fence(self, connection: Any, token: object) -> Iterator[Any]:
        """Run one transaction of this term: begin, check, the caller's writes, commit.

        Args:
            connection: of psycopg 3, without an open transaction, autocommit or not.
            token: of the term that writes.

        Yields:
            The connection.

        Raises:
            Refusal: the token is stale, absent or malformed; nothing is written.
            NotPrepared: `prepare` was never run on this database.
            WrongTransaction: a transaction is open: call `check` in it.
        """
        number = read_token(token, self.resource)
        if _in_transaction(connection):
            raise WrongTransaction(_OPEN)
        with connection.transaction():
            self._check(connection, number)
            yield connection

    def check(self, connection: Any, token: object) -> None:
        """Check in the caller's own transaction, best as its first statement.

        Raises:
            Refusal, NotPrepared: as `fence`; PostgreSQL lets the transaction do nothing more but roll back.
            WrongTransaction: an autocommit connection without an open transaction.
        """
        number = read_token(token, self.resource)
        if connection.autocommit and not _in_transaction(connection):
            raise WrongTransaction(_NO_TRANSACTION)
        self._check(connection, number)

    def stamp(self, connection: Any, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        with self.fence(connection, token):
            pass

    def status(self, connection: Any) -> int:
        """Return the high-water mark, 0 before the first write."""
        with connection.transaction():
            return int(_cursor(connection).execute(_STATUS, (self.resource,)).fetchone()[0])

    def reset(self, connection: Any, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it.
            token: of the term that leads now.

        Returns:
            False where the mark is another by now; it stays then.
        """
        number = read_token(token, self.resource)
        with connection.transaction():
            return bool(connection.execute(_RESET, (number, self.resource, poisoned)).rowcount)

    @staticmethod
    def prepare(connection: Any) -> None:
        """Make the table and the function; needs the right to create in the schema."""
        with connection.transaction():
            connection.execute(CREATE)

    def _check(self, connection: Any, token: int) -> None:
        # To make a cursor takes psycopg a quarter of the whole check; most writers stay with one connection.
        cursor = self._cursor
        if cursor is None or cursor.connection is not connection:
            self._cursor = cursor = _cursor(connection)
        try:
            if cursor.execute(self.same_term, (self.resource, token)).rowcount != 1:
                cursor.execute(_FENCE, (self.resource, token))
        except Exception as error:
            _translate(error, self.resource, token)
            raise


class AsyncGuard:
    """Refuse writes of older terms over a connection of asyncpg, or an AsyncConnection of psycopg 3.

    Args:
        resource: what is protected; every writer uses the same name.
    """

    def __init__(self, resource: str) -> None:
        self.resource = read_resource(resource)

    @asynccontextmanager
    async def fence(self, connection: Any, token: object, **transaction: Any) -> AsyncIterator[Any]:
        """Run one transaction of this term, as `Guard.fence` does.

        Args:
            transaction: for `connection.transaction()`, such as asyncpg's `isolation="serializable"`.
        """
        number = read_token(token, self.resource)
        if _in_transaction(connection):
            raise WrongTransaction(_OPEN)
        async with connection.transaction(**transaction):
            await self._check(connection, number)
            yield connection

    async def check(self, connection: Any, token: object) -> None:
        """Check in the caller's own transaction, as `Guard.check` does."""
        number = read_token(token, self.resource)
        if not _in_transaction(connection) and getattr(connection, "autocommit", True):
            raise WrongTransaction(_NO_TRANSACTION)
        await self._check(connection, number)

    async def stamp(self, connection: Any, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        async with self.fence(connection, token):
            pass

    async def status(self, connection: Any) -> int:
        """Return the high-water mark, 0 before the first write."""
        async with connection.transaction():
            return int(await _value(connection, _STATUS, self.resource))

    async def reset(self, connection: Any, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned, as `Guard.reset` does."""
        number = read_token(token, self.resource)
        async with connection.transaction():
            return await _value(connection, _RESET, number, self.resource, poisoned) is not None

    @staticmethod
    async def prepare(connection: Any) -> None:
        """Make the table and the function; needs the right to create in the schema."""
        async with connection.transaction():
            await connection.execute(CREATE)

    async def _check(self, connection: Any, token: int) -> None:
        try:
            if await _value(connection, _SAME_TERM, self.resource, token) is None:
                await _value(connection, _FENCE, self.resource, token)
        except Exception as error:
            _translate(error, self.resource, token)
            raise


def _in_transaction(connection: Any) -> bool:
    if hasattr(connection, "is_in_transaction"):  # asyncpg
        return not connection.is_closed() and bool(connection.is_in_transaction())
    return connection.pgconn.transaction_status in _IN_TRANSACTION


async def _value(connection: Any, statement: str, *values: object) -> Any:
    """Run a statement and return the first column of its first row, None without one."""
    if hasattr(connection, "fetchval"):
        for number in range(len(values)):
            statement = statement.replace("%s", f"${number + 1}", 1)
        return await connection.fetchval(statement, *values)
    row = await (await _cursor(connection).execute(statement, values)).fetchone()
    return row[0] if row else None


def _cursor(connection: Any) -> Any:
    """Make a cursor of psycopg whose rows are tuples, whatever the application's are."""
    return connection.cursor(row_factory=lambda _: tuple)


def _translate(error: Exception, resource: str, token: int) -> None:
    """Raise what a driver's error means; return where it means nothing of ours."""
    state = getattr(error, "sqlstate", None)
    if state == "LS001":
        # psycopg keeps the detail in `diag`, asyncpg on the error itself.
        detail = getattr(getattr(error, "diag", None), "message_detail", None) or getattr(error, "detail", None) or ""
        raise StaleToken(resource, token, int(detail.partition("high_water=")[2] or 0)) from error
    if state == "LS002":
        raise MalformedToken(resource, token) from error
    if state in ("42883", "42P01") and "fence" in str(error):
        sentence = "this database has no function fence: run Guard.prepare(connection), or psql -1 -f postgresql.sql"
        raise NotPrepared(sentence) from error
