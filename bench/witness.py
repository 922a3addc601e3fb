"""Owns what candidates say while something happens to them: each asked again and again, on a thread of its own."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bench.candidates import Candidate, ask
from bench.overlap import Answer

INTERVAL_S = 0.02
_ANSWER_S = 1.0


class Witness:
    """Ask candidates fifty times a second while the context lasts.

    Attributes:
        answers: what they said of leading.
        works: whether an app by client-go's example would be at work, which client-go's elector tells beside.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._watch, args=(one,), daemon=True) for one in candidates]
        self.answers: list[Answer] = []
        self.works: list[Answer] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(_ANSWER_S + 1.0)

    def leaders(self) -> list[str]:
        """Return who said that it leads, in the order of their first true."""
        told = sorted((one for one in self.answers if one.is_true), key=lambda one: one.received_s)
        return list(dict.fromkeys(one.who for one in told))

    def _watch(self, candidate: Candidate) -> None:
        connection = candidate.connect()
        while not self._ended.wait(INTERVAL_S):
            sent_s = time.monotonic()
            try:
                document = ask(connection)
            except (OSError, http.client.HTTPException):
                connection.close()
                continue
            received_s = time.monotonic()
            self.answers.append(Answer(candidate.name, sent_s, received_s, bool(document["isLeader"])))
            if "isWorking" in document:
                self.works.append(Answer(candidate.name, sent_s, received_s, bool(document["isWorking"])))
        connection.close()
