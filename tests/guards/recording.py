"""Histories of real guards: many writers, readers and new terms at once, and writers that are killed or cut off."""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from guards.store import Session, Store, in_threads
from leader_sidecar.fencing import StaleToken
from leader_sidecar.history.linearizability import Operation
from leader_sidecar.history.register import ACCEPTED, REFUSED, Call

WRITERS = 6
LEAST = 20
MOST = 120
"""Operations of each writer; beyond the least they go on until the harm is over."""

_FIRST_TOKEN = 8  # so that tokens grow longer on the way: 9, 10
_HELD_S = 0.02
_PAUSE_S = 0.004
_BROKEN_S = 0.1


class Recording:
    """What was asked of one resource by many at once, and what came of it.

    Args:
        store: where it is.
        seed: what each writer does; when, is the machine's.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.resource = store, store.new_resource()
        self.history: list[Operation] = []
        self.newest = _FIRST_TOKEN
        self._seed = seed
        self._over = threading.Event()

    def run(self, harm: Callable[[Recording], None] | None = None) -> list[Operation]:
        """Let all writers loose, and do harm meanwhile. Returns: the history."""

        def work(number: int) -> None:
            if number < WRITERS:
                return self._work(f"writer-{number}", random.Random(f"{self._seed}.{number}"))
            try:
                return harm(self) if harm is not None else None
            finally:
                self._over.set()

        in_threads(WRITERS + 1, work)
        self.ask("the end", Call("read", self.resource), self._last_entry)
        return self.history

    def ask(self, who: str, call: Call, work: Callable[[], Any]) -> bool:
        """Do it, and keep what came of it. Returns: whether anybody knows."""
        asked = Operation(who, call, time.monotonic())
        try:
            result = work()
        except StaleToken:
            result = REFUSED
        except (ConnectionRefusedError, FileNotFoundError):
            return False  # nobody listened: nothing was asked
        except Exception:
            self.keep(asked)  # the connection broke: it may have happened, or may yet
            return False
        self.keep(replace(asked, returned_s=time.monotonic(), result=ACCEPTED if result is None else result))
        return True

    def keep(self, operation: Operation) -> None:
        """Keep one operation, with the announcement of its mark where the guard makes one."""
        self.history.append(operation)
        call = operation.call
        if self.store.announces and call.token:
            announced = replace(operation, call=replace(call, kind="announce", entry=""))
            if operation.result == REFUSED:  # by one that came while it waited: it may have announced its own before
                announced = replace(announced, returned_s=math.inf, result=None)
            self.history.append(announced)

    def _work(self, who: str, chance: random.Random) -> None:
        """Write, stamp and read; go on with an old term's token, refused or not, and lead anew at times."""
        session: Session | None = None
        token = self.newest
        for count in range(MOST):
            if self._over.is_set() and count >= LEAST:
                break
            if chance.random() < 0.3:
                token = self.newest
            with contextlib.suppress(Exception):  # the server may be away: then nothing is asked
                session = session or self.store.session(self.resource)
            if session is not None and not self._one(who, session, chance, token, f"{who}.{count}"):
                _let_go(session)
                session = None
                time.sleep(_BROKEN_S)
            time.sleep(chance.uniform(0.0, _PAUSE_S))
        if session is not None:
            _let_go(session)

    def _one(self, who: str, session: Session, chance: random.Random, token: int, entry: str) -> bool:
        lot = chance.random()
        if lot < 0.12:
            self.newest = token = self.newest + 1
            if not self.ask(who, Call("stamp", self.resource, token), lambda: session.stamp(token)):
                return False
        if lot < 0.6:
            held_s = chance.choice((0.0, 0.0, chance.uniform(0.0, _HELD_S)))
            return self.ask(
                who, Call("write", self.resource, token, entry), lambda: _write(session, token, entry, held_s)
            )
        if lot < 0.8:
            return self.ask(who, Call("status", self.resource), session.status)
        return self.ask(who, Call("read", self.resource), self._last_entry)

    def _last_entry(self) -> str:
        entries = self.store.entries(self.resource)
        return entries[-1][1] if entries else ""


def kill_and_cut(recording: Recording) -> None:
    """Twice, kill a writer between its check and its commit, and cut everybody's connections."""
    store, resource = recording.store, recording.resource
    for number in range(2):
        call = Call("write", resource, recording.newest, f"killed.{number}")
        asked = Operation("killed", call, time.monotonic())
        with contextlib.suppress(AssertionError, StaleToken):  # it was refused
            store.die_halfway(resource, call.token, call.entry)
        recording.keep(asked)
        time.sleep(0.1)
        store.cut()
        time.sleep(0.1)


def _write(session: Session, token: int, entry: str, held_s: float) -> None:
    """Write at once, or be at work for a while between check and change."""
    if not held_s:
        return session.write(token, entry)
    with session.guarded(token) as append:
        time.sleep(held_s)
        append(entry)
    return None


def _let_go(session: Session) -> None:
    with contextlib.suppress(Exception):  # its connection may be broken
        session.close()
