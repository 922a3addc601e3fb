"""Owns the guard of a Redis: one script, `redis.lua` beside this, checks the token and runs the commands.

    payouts = Guard("payouts")  # AsyncGuard with redis.asyncio
    with payouts.fence(client, term.token) as batch:  # sent as one step at the end; StaleToken: nothing is written
        batch.execute("SET", "{payouts}pointer", 418)

What Redis promises less than a database does:
- An asynchronous fail-over loses the last acknowledged writes, and marks with them: until the leader writes or stamps
  again, the new primary takes older tokens, and writes that were acknowledged may be gone. `WAIT` makes that rarer and
  does not end it. The same goes for a restart with `appendfsync everysec`, by a second, and without append-only file.
- A command that fails does not undo those before it.
- An eviction policy `allkeys-…`, FLUSHALL, or DEL of the key `fence:{payouts}` takes the mark away.
- A client that sends again by itself after a lost answer may run the commands twice; both are of one term.
In a cluster every key must carry the tag `{payouts}`, as the mark's key does.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from leader_sidecar.fencing.refusals import MalformedToken, StaleToken
from leader_sidecar.fencing.token import read_resource, read_token

SCRIPT = Path(__file__).with_name("redis.lua").read_text(encoding="utf-8")
_RESET = Path(__file__).with_name("redis_reset.lua").read_text(encoding="utf-8")


class Batch:
    """The commands of one guarded step.

    Args:
        replies: what each command was answered, once the step was made.
    """

    def __init__(self) -> None:
        self.commands: list[tuple[Any, ...]] = []
        self.replies: Sequence[Any] = ()

    def execute(self, *command: Any) -> None:
        """Add one command, as its words: `execute("SET", key, value)`."""
        if not command:
            raise ValueError("a command has at least one word")
        self.commands.append(command)


class _Marked:
    """What both guards know: the resource, the mark's key, the script's arguments and what its errors mean."""

    script = SCRIPT

    def __init__(self, resource: str) -> None:
        self.resource = read_resource(resource)
        self.key = f"fence:{{{resource}}}"
        self._digest = hashlib.sha1(self.script.encode(), usedforsecurity=False).hexdigest()

    def _arguments(self, token: int, batch: Batch) -> list[Any]:
        words: list[Any] = [1, self.key, token]
        for command in batch.commands:
            words += [len(command), *command]
        return words

    def _translate(self, error: Exception, token: int) -> NoReturn:
        said = str(error)
        if said.startswith("STALETOKEN"):
            raise StaleToken(self.resource, token, int(said.partition("high_water=")[2])) from error
        if said.startswith("MALFORMEDTOKEN"):
            raise MalformedToken(self.resource, token) from error
        raise error


class Guard(_Marked):
    """Refuse writes of older terms over a client of redis-py.

    Args:
        resource: what is protected; every writer uses the same name.
    """

    @contextmanager
    def fence(self, client: Any, token: object) -> Iterator[Batch]:
        """Collect commands, and run them in one step of this term when the block ends well.

        Raises:
            Refusal: the token is stale, absent or malformed; nothing is written.
        """
        number = read_token(token, self.resource)
        batch = Batch()
        yield batch
        arguments = self._arguments(number, batch)
        try:
            try:
                batch.replies = client.evalsha(self._digest, *arguments)
            except Exception as error:
                if not _unknown_script(error):
                    raise
                batch.replies = client.eval(self.script, *arguments)
        except Exception as error:
            self._translate(error, number)

    def stamp(self, client: Any, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        with self.fence(client, token):
            pass

    def status(self, client: Any) -> int:
        """Return the high-water mark, 0 before the first write."""
        return int(client.get(self.key) or 0)

    def reset(self, client: Any, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned. Let no older term be alive: it could write again.

        Args:
            poisoned: the mark as `status` shows it.
            token: of the term that leads now.

        Returns:
            False where the mark is another by now; it stays then.
        """
        number = read_token(token, self.resource)
        return bool(client.eval(_RESET, 1, self.key, poisoned, number))


class AsyncGuard(_Marked):
    """Refuse writes of older terms over a client of redis.asyncio; each method as `Guard`'s."""

    @asynccontextmanager
    async def fence(self, client: Any, token: object) -> AsyncIterator[Batch]:
        """Collect commands, and run them in one step of this term when the block ends well."""
        number = read_token(token, self.resource)
        batch = Batch()
        yield batch
        arguments = self._arguments(number, batch)
        try:
            try:
                batch.replies = await client.evalsha(self._digest, *arguments)
            except Exception as error:
                if not _unknown_script(error):
                    raise
                batch.replies = await client.eval(self.script, *arguments)
        except Exception as error:
            self._translate(error, number)

    async def stamp(self, client: Any, token: object) -> None:
        """Shut older terms out, as a new leader's first act; raises as `fence`."""
        async with self.fence(client, token):
            pass

    async def status(self, client: Any) -> int:
        """Return the high-water mark, 0 before the first write."""
        return int(await client.get(self.key) or 0)

    async def reset(self, client: Any, poisoned: int, token: object) -> bool:
        """Replace a mark that a wrong token has poisoned, as `Guard.reset` does."""
        number = read_token(token, self.resource)
        return bool(await client.eval(_RESET, 1, self.key, poisoned, number))


def _unknown_script(error: Exception) -> bool:
    # redis-py takes the word off what the server says and makes a class of it.
    return type(error).__name__ == "NoScriptError" or str(error).startswith("NOSCRIPT")
