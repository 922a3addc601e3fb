"""Owns the running of a command for the length of a term: told to stop before the term's end, killed at its end.

The command knows nothing of leadership but its environment: LEADER_TOKEN, LEADER_ELECTION, LEADER_URL.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

from leader_sidecar.fencing.aio import Leadership, Term
from leader_sidecar.fencing.sight import now_s
from leader_sidecar.fencing.watchdog import Watchdog, kill_group
from leader_sidecar.fencing.wire import ANSWER_S

EXIT_NOT_LEADING = 75  # EX_TEMPFAIL: try again later
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127
_SIGNALLED = 128  # as shells report an end by a signal
_LOOK_S = 0.5
_PASSED_ON = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class TermCommand:
    """A command that runs only while this pod leads.

    Args:
        words: program and arguments.
        url: of the sidecar.
        election: `[NAMESPACE/]NAME`, None for the sidecar's first.
        stop_grace_s: how long before the end of validity the command is told to stop (SIGTERM).
        say: takes a line for people.
        watchdog: kills the command when this process cannot.
    """

    def __init__(
        self,
        words: Sequence[str],
        url: str,
        election: str | None,
        stop_grace_s: float,
        say: Callable[[str], None],
        watchdog: Watchdog,
    ) -> None:
        self._words, self._url, self._stop_grace_s, self._say = list(words), url, stop_grace_s, say
        self._leadership = Leadership(url, election)
        self._watchdog = watchdog
        self._running: asyncio.subprocess.Process | None = None
        self._ending: asyncio.Future[int]

    async def run(self, at_once: bool, restart: bool) -> int:
        """Wait for a term and run the command in it.

        Args:
            at_once: do not wait: return 75 when this pod does not lead, or not for long enough.
            restart: start the command again in the next term when it was stopped because its term ended.

        Returns:
            The command's exit code, 128 + n where signal n ended it.
        """
        self._ending = asyncio.get_running_loop().create_future()
        for name in _PASSED_ON:
            number = getattr(signal, name)
            asyncio.get_running_loop().add_signal_handler(number, self._pass_on, number)
        if at_once:
            term = await self._leadership.term()
            if term is None or term.valid_for_s <= self._stop_grace_s:
                self._say("this pod does not lead")
                return EXIT_NOT_LEADING
        work = asyncio.create_task(self._terms(restart))
        await asyncio.wait([work, self._ending], return_when=asyncio.FIRST_COMPLETED)
        if self._running is None and not work.done():
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            return _SIGNALLED + self._ending.result()
        return await work

    async def _terms(self, restart: bool) -> int:
        async for term in self._leadership.terms():
            if not await self._long_enough(term):
                continue
            code, lost = await self._run_in(term)
            if not (lost and restart) or self._ending.done():
                return code
        raise AssertionError("terms do not end")

    async def _long_enough(self, term: Term) -> bool:
        """Wait until the term is renewed where too little of it is left to start in; False when it ends first."""
        while term and term.valid_for_s <= self._stop_grace_s:
            await asyncio.sleep(term.pause_s(_LOOK_S))
            await term.refresh()
        return bool(term)

    async def _run_in(self, term: Term) -> tuple[int, bool]:
        """Run the command once. Returns: its code, and whether it was told to stop because the term ended."""
        environment = {"LEADER_TOKEN": str(term.token), "LEADER_ELECTION": term.election, "LEADER_URL": self._url}
        until_s = now_s() + term.valid_for_s

        def register() -> None:  # in the child, before it becomes the command: not an instant without a watch
            self._watchdog.tell(os.getpid(), until_s)

        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, env={**os.environ, **environment}, start_new_session=True, preexec_fn=register
            )
        except OSError as error:
            self._watchdog.tell(0, 0.0)
            self._say(f"cannot run {self._words[0]}: {error.strerror}")
            return EXIT_NOT_FOUND if isinstance(error, FileNotFoundError) else EXIT_NOT_EXECUTABLE, False
        self._running = process
        ended = asyncio.create_task(process.wait())
        try:
            lost = await self._bounded(term, process, ended)
        finally:
            kill_group(process.pid)  # what the command left running would outlive the term
            code = await ended
            self._watchdog.tell(0, 0.0)
            self._running = None
        return code if code >= 0 else _SIGNALLED - code, lost

    async def _bounded(self, term: Term, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> bool:
        """Wait for the end of the command, or of the term; then bring it about. Returns: whether it had to."""
        until_s = now_s()
        while term.valid_for_s > self._stop_grace_s:
            until_s = now_s() + term.valid_for_s
            self._watchdog.tell(process.pid, until_s)
            lost = asyncio.create_task(term.ended.wait())
            left_s = min(_LOOK_S, term.valid_for_s - self._stop_grace_s)
            await asyncio.wait([ended, lost], timeout=max(0.01, left_s), return_when=asyncio.FIRST_COMPLETED)
            lost.cancel()
            if ended.done():
                return False
            if term.valid_for_s <= self._stop_grace_s + ANSWER_S:
                await term.refresh()
        self._say(f"term {term.token} of {term.election} is over: stopping the command")
        with suppress(ProcessLookupError):
            process.terminate()
        # At once after a loss another pod may lead soon: no more than the grace, whatever was valid before.
        await asyncio.wait([ended], timeout=max(0.0, min(until_s - now_s(), self._stop_grace_s)))
        return True

    def _pass_on(self, number: int) -> None:
        if number in _ENDING and not self._ending.done():
            self._ending.set_result(number)
        if self._running is not None:
            with suppress(ProcessLookupError):
                self._running.send_signal(number)
