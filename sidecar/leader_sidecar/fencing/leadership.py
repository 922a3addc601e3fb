"""Owns `Leadership` for programs without asyncio: what the sidecar of this pod says, asked over plain sockets.

for term in Leadership().terms():  # waits, gives each term, and ends it when it is lost
    while term:
        term.check(2.0)            # NotLeading unless more than 2 s are left
        pay_next_batch(term.token)
"""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from leader_sidecar.fencing.sight import Sight, now_s, read_sight
from leader_sidecar.fencing.term import NotLeading, TermView
from leader_sidecar.fencing.wire import (
    ANSWER_S,
    LONGEST_BYTES,
    QUIET_S,
    Address,
    EventStream,
    NoAnswer,
    read_address,
    read_answer,
)

_RETRY_S = 0.5
_REFRESH_S = 2.0


class Term(TermView):
    """One term of this pod; threads may share it.

    Args:
        ended: set when the term is over, for a term that `terms()` gave.
    """

    def __init__(self, sight: Sight, address: Address) -> None:
        super().__init__(sight)
        self.ended = threading.Event()
        self._address = address

    def check(self, left_s: float = 0.0) -> None:
        """Make sure, before work, that enough of the term is left; asks the sidecar where too little is known to be.

        Args:
            left_s: how many seconds the work takes at most.

        Raises:
            NotLeading: not more than that is left.
        """
        if self.valid_for_s <= left_s:
            self.refresh()
        self.require(left_s)

    def refresh(self) -> None:
        """Ask the sidecar how much is left; where it does not answer, what it told before holds."""
        try:
            self.learn(ask(self._address))
        except NoAnswer:
            if not self:
                self.learn(None)

    def over(self) -> None:
        self.ended.set()


class Leadership:
    """What the sidecar beside this program says.

    Args:
        url: where it answers; None for the environment's LEADER_URL, else `http://localhost:8080`.
        election: `[NAMESPACE/]NAME`, None for the sidecar's first.

    Raises:
        ValueError: not a URL of a sidecar.
    """

    def __init__(self, url: str | None = None, election: str | None = None) -> None:
        self._address = read_address(url, election)

    def term(self) -> Term | None:
        """Ask once. Returns: the term, or None when this pod does not lead or the sidecar does not answer."""
        try:
            sight = ask(self._address)
        except NoAnswer:
            return None
        return Term(sight, self._address) if sight else None

    def wait(self, timeout_s: float | None = None) -> Term:
        """Wait until this pod leads.

        Args:
            timeout_s: how long at most, None for ever.

        Raises:
            NotLeading: the time is up.
        """
        deadline_s = None if timeout_s is None else now_s() + timeout_s
        while True:
            term = self.term() or self._next(deadline_s)
            if term is not None:
                return term
            left_s = _RETRY_S if deadline_s is None else deadline_s - now_s()
            if left_s <= 0:
                raise NotLeading(f"this pod did not come to lead within {timeout_s:g}s")
            time.sleep(min(_RETRY_S, left_s))

    def terms(self) -> Iterator[Term]:
        """Give each term of this pod, when it begins; `term.ended` is set, and the term false, when it is lost.

        A thread follows the sidecar's events until the caller asks for the next term. A term whose work ends early is
        waited out.
        """
        while True:
            term = self.wait()
            with self._followed(term):
                yield term
                term.ended.wait()

    def _next(self, deadline_s: float | None) -> Term | None:
        """Wait for an event that says that this pod leads; None when the stream breaks or the time is up."""
        try:
            with closing(_Events(self._address)) as events:
                while True:
                    left_s = QUIET_S if deadline_s is None else min(QUIET_S, deadline_s - now_s())
                    for sight in events.read(left_s) or ():
                        if sight is not None:
                            return Term(sight, self._address)
                    if left_s <= 0:
                        return None
        except NoAnswer:
            return None

    @contextmanager
    def _followed(self, term: Term) -> Iterator[None]:
        stop, stopping = socket.socketpair()
        thread = threading.Thread(target=self._follow, args=(term, stopping), daemon=True, name="leadership")
        thread.start()
        try:
            yield
        finally:
            stop.close()
            thread.join()
            stopping.close()

    def _follow(self, term: Term, stopping: socket.socket) -> None:
        try:
            while term:
                try:
                    stopped = self._listen(term, stopping)
                except NoAnswer:
                    stopped = bool(select.select([stopping], [], [], term.pause_s(_RETRY_S))[0])
                    term.refresh()
                if stopped:
                    return
        finally:
            term.learn(None)

    def _listen(self, term: Term, stopping: socket.socket) -> bool:
        """Follow one stream of events while the term lasts. Returns: whether it was stopped from outside."""
        with closing(_Events(self._address)) as events:
            while term:
                heard = events.read(term.pause_s(_REFRESH_S), stopping)
                if heard is None:
                    return True
                for sight in heard:
                    term.learn(sight)
                if not heard:
                    term.refresh()
        return False


class _Events:
    """A stream of `/leader/events`."""

    def __init__(self, address: Address) -> None:
        self._asked_at_s = self._heard_at_s = now_s()
        self._stream = EventStream()
        self._socket = _connect(address, "/events")

    def read(self, timeout_s: float, stopping: socket.socket | None = None) -> list[Sight | None] | None:
        """Wait for events.

        Args:
            timeout_s: how long at most.
            stopping: stop when this has something to read.

        Returns:
            What they say, nothing when the time is up first; None when stopped.

        Raises:
            NoAnswer: the stream is broken.
        """
        watched = [self._socket, stopping] if stopping else [self._socket]
        ready = select.select(watched, [], [], max(0.0, timeout_s))[0]
        if stopping in ready:
            return None
        if not ready:
            if now_s() - self._heard_at_s > QUIET_S:
                raise NoAnswer("the stream of events is silent")
            return []
        try:
            data = self._socket.recv(LONGEST_BYTES)
        except OSError as error:
            raise NoAnswer(str(error)) from None
        self._heard_at_s = now_s()
        return [read_sight(told, self._asked_at_s, self._heard_at_s) for told in self._stream.feed(data)]

    def close(self) -> None:
        self._socket.close()


def ask(address: Address) -> Sight | None:
    """Ask once whether this pod leads.

    Raises:
        NoAnswer: the sidecar did not answer, or not in time.
    """
    asked_at_s, answer = now_s(), b""
    with closing(_connect(address, "")) as connection:
        try:
            while (part := connection.recv(LONGEST_BYTES)) and len(answer) <= LONGEST_BYTES:
                answer += part
                if now_s() - asked_at_s > ANSWER_S:
                    raise NoAnswer("the answer takes too long")
        except OSError as error:
            raise NoAnswer(str(error)) from None
    return read_sight(read_answer(answer), asked_at_s, now_s())


def _connect(address: Address, suffix: str) -> socket.socket:
    try:
        connection = socket.create_connection((address.host, address.port), ANSWER_S)
        try:
            connection.sendall(address.request(suffix))
        except OSError:
            connection.close()
            raise
    except OSError as error:
        raise NoAnswer(str(error)) from None
    return connection
