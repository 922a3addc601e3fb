"""A poller that asks several sidecars who leads and knows nothing of their inside, and its verdict.

The rule (DESIGN §2, I1): two answers overlap when one says `isLeader: true` to a request that was sent after another
sidecar's first true of a later term was received. Terms are told apart and ordered by their tokens, so that a token
that falls is an overlap too.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

INTERVAL_S = 0.01
LEAST = 1000
"""Answers without which a second leader might not have been seen."""

_ANSWER_S = 2.0
_LOOK_ON_S = 3.0


@dataclass(frozen=True)
class Seen:
    """One answer: who gave it, when it was asked for and had come (seconds, one clock), and what it said."""

    who: str
    sent_s: float
    received_s: float
    token: int | None


def overlaps(seen: Sequence[Seen]) -> list[str]:
    """List every answer that says true beside a later term, or with a token that is not its own alone."""
    first: dict[int, Seen] = {}
    for one in sorted(seen, key=lambda one: one.received_s):
        if one.token is not None:
            first.setdefault(one.token, one)
    found = []
    for one in seen:
        if one.token is None:
            continue
        if first[one.token].who != one.who:
            found.append(f"token {one.token} was told by {first[one.token].who} and by {one.who}")
        later = [other for token, other in first.items() if token > one.token and other.received_s < one.sent_s]
        if later:
            late_s = one.sent_s - min(other.received_s for other in later)
            found.append(
                f"{one.who} leads with token {one.token}, {late_s:.3f} s after {later[0].who} led with a later"
            )
    return found


class Poller:
    """Ask each port a hundred times a second, on a thread of its own, while the context lasts.

    On a busy machine it looks on a little longer, until it has the `LEAST` of answers.

    Args:
        ports: who answers at which port of 127.0.0.1; may grow and change while it polls.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._threads = [threading.Thread(target=self._poll, args=(who,)) for who in ports]
        self._ended = threading.Event()
        self._began_s = time.monotonic()
        self._seconds = 0.0
        self.seen: list[Seen] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        until_s = time.monotonic() + (_LOOK_ON_S if kind is None else 0.0)
        while len(self.seen) < LEAST and time.monotonic() < until_s:
            time.sleep(INTERVAL_S)
        self._ended.set()
        for thread in self._threads:
            thread.join(_ANSWER_S + 1.0)
        self._seconds = time.monotonic() - self._began_s

    def tokens(self) -> list[int]:
        """Return the terms' tokens in the order in which they were first told."""
        return list(dict.fromkeys(one.token for one in sorted(self.seen, key=lambda s: s.received_s) if one.token))

    def verdict(self, polls: int = LEAST, rate: float = 50.0) -> str:
        """Judge what was seen, after the context.

        Returns: one line of figures.
        Raises: AssertionError for an overlap, for fewer answers than `polls`, or a sidecar that was usually asked less
            often than `rate` times a second.
        """
        assert len(self.seen) >= polls, f"only {len(self.seen)} polls in {self._seconds:.1f} s"
        for who in self._ports:
            mine = [one for one in self.seen if one.who == who]
            gaps = [later.sent_s - one.received_s for one, later in itertools.pairwise(mine)]
            usual_s = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
            assert usual_s <= 1 / rate, f"{who} was asked every {usual_s:.3f} s only"
        found = overlaps(self.seen)
        assert not found, f"{len(found)} answers overlap, the first: {found[0]}"
        tokens = self.tokens()
        assert tokens == sorted(tokens), f"tokens fall: {tokens}"
        line = f"{len(self.seen)} polls in {self._seconds:.1f} s, {len(tokens)} terms {tokens}, 0 overlaps"
        print(line)
        return line

    def _poll(self, who: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[who], timeout=_ANSWER_S)
        while not self._ended.wait(INTERVAL_S):
            sent_s = time.monotonic()
            try:
                connection.request("GET", "/leader")
                document = json.load(connection.getresponse())
            except (OSError, http.client.HTTPException, ValueError):
                # Nobody answered: not leading. A new process may have another port.
                connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", self._ports[who], timeout=_ANSWER_S)
                continue
            token = document["token"] if document["isLeader"] else None
            self.seen.append(Seen(who, sent_s, time.monotonic(), token))
        connection.close()
