"""What the contract suite asks of a store with a guard before it; each kind of store implements it in its own file."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from queue import Queue
from typing import Any

_numbers = itertools.count(1)

MALFORMED: tuple[Any, ...] = (
    *("", "0", "-1", "+1", "01", "1.0", "1e3", "0x1f", "1_000", "abc", "null", "1,2", "9007199254740992"),
    *("99999999999999999999", "١٢", "１２", " 12", "12 ", "12\n", "1 2", b"", b"\xff", "1" * 5000),
    *(0, -1, 2**53, 2**70, 1.0, True, [12], {"token": 12}),
)
"""Offered as tokens; each must be refused and write nothing."""

Append = Callable[[str], None]


class Session(ABC):
    """One writer with one connection to a guarded resource."""

    resource: str

    @abstractmethod
    def guarded(self, token: object) -> AbstractContextManager[Append]:
        """Open one guarded write: checked on entering, in effect after leaving."""

    @abstractmethod
    def stamp(self, token: object) -> None: ...

    @abstractmethod
    def status(self) -> int: ...

    @abstractmethod
    def reset(self, poisoned: int, token: int) -> bool: ...

    @abstractmethod
    def close(self) -> None: ...

    def write(self, token: object, entry: str) -> None:
        """Append one entry through the guard."""
        with self.guarded(token) as append:
            append(entry)

    def may_retry(self, error: Exception) -> bool:
        """Whether the store says that nothing happened and the same transaction may be tried again."""
        return False

    def persist(self, token: object, entry: str) -> None:
        """Append, and try again where the store asks for that."""
        for _ in range(200):
            try:
                return self.write(token, entry)
            except Exception as error:
                if not self.may_retry(error):
                    raise
        raise AssertionError("the store asked for 200 retries")


class Store(ABC):
    """A real store, with one guard before it."""

    name: str
    malformed: tuple[Any, ...] = MALFORMED
    in_flight = True
    """Whether a write can be held open between its check and its effect from a client."""
    announces = False
    """Whether the mark is seen raised before the write that raises it has taken effect (`history/register.py`)."""

    @abstractmethod
    def session(self, resource: str) -> Session: ...

    @abstractmethod
    def entries(self, resource: str) -> list[tuple[int, str]]:
        """Read past the guard: (token, entry) in the order in which they took effect."""

    @abstractmethod
    def crash(self) -> None:
        """Kill the server and start it again; for stores without a server: let go of everything."""

    def cut(self) -> None:
        """Cut every connection to the server, whatever is under way."""
        return  # there may be no server

    def new_resource(self) -> str:
        """Name a resource that nobody used before."""
        return f"{'-'.join(self.name.replace(',', '').split())}/{next(_numbers)}"

    def address(self) -> str:
        """What a child process needs to reach the same store."""
        raise NotImplementedError

    def die_halfway(self, resource: str, token: int, entry: str) -> None:
        """Kill a writer that has passed the check and made its change, but has not committed."""
        command = [sys.executable, "-m", "guards.halfway", self.name, self.address(), resource, str(token), entry]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            child.kill()
            assert said == "halfway\n", said
        assert child.returncode == -9


def child_environment() -> dict[str, str]:
    """Let a child find the tests' packages."""
    import os
    from pathlib import Path

    tests = Path(__file__).parents[1]
    return {**os.environ, "PYTHONPATH": f"{tests}:{tests.parent / 'sidecar'}"}


class Pool:
    """A few sessions that many threads share, each lent to one at a time and given back whatever happened."""

    def __init__(self, store: Store, resource: str, size: int) -> None:
        self._free: Queue[Session] = Queue()
        self._all = [store.session(resource) for _ in range(size)]
        for session in self._all:
            self._free.put(session)

    @contextmanager
    def lend(self) -> Iterator[Session]:
        session = self._free.get(timeout=60)
        try:
            yield session
        finally:
            self._free.put(session)

    def close(self) -> None:
        for session in self._all:
            session.close()


def in_threads(count: int, work: Callable[[int], None], within_s: float = 100.0) -> None:
    """Run `work(i)` in threads at once; the first failure is raised."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(within_s)
        assert not thread.is_alive(), "a writer did not end"
    if failures:
        raise failures[0]
