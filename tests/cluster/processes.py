"""One child process of a test: started, paused, killed, started again, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

_STOP_S = 10.0

# Ends the child when the write end of its standard input closes: that is when the tests' process ends, even by SIGKILL.
_REAPER = 'while read -r _; do :; done; kill -KILL "$0"; sleep 0.2; rm -rf -- "$1"'


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """Run one program with fixed arguments, any number of times one after the other.

    Signals go to the process's own pid and to nothing else. Should the tests' process end without calling `stop`,
    however it ends, a small shell kills the child and removes `folder`.

    Args:
        command: program and arguments.
        log_file: gets standard output and error, appended over restarts.
        folder: the data to remove when the tests' process ends without a stop.
        environment: what it gets beside the environment of the tests.
    """

    def __init__(
        self, command: list[str], log_file: Path, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.command = command
        self._environment = {**os.environ, **(environment or {})}
        self.log_file = log_file
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs (also while it is paused), else None."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Start the program, which must not be running."""
        if self.pid is not None:
            raise RuntimeError(f"{self.command[0]} runs already")
        self._end_reaper()
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", _REAPER, str(self._child.pid), str(self._folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): its connections stay open and nothing answers."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once (SIGKILL) and wait for it: its connections break, its port refuses."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process gently (SIGTERM), after 10 s by force. Nothing happens when it does not run."""
        self._end(signal.SIGTERM)

    def end_with(self, number: int) -> int:
        """Send a signal and wait at most 10 s for the end. Returns: the exit code."""
        child = self._child
        self._end(number)
        return child.wait(0) if child is not None else 0

    def wait(self, within_s: float) -> int:
        """Wait for the process to end by itself. Returns: its exit code. Raises: TimeoutExpired."""
        if self._child is None:
            raise RuntimeError(f"{self.command[0]} was not started")
        code = self._child.wait(within_s)
        self._end_reaper()
        return code

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines that the program wrote."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def signal(self, number: int) -> None:
        """Send a signal to the running process."""
        if self._child is None or self.pid is None:
            raise RuntimeError(f"{self.command[0]} does not run")
        self._child.send_signal(number)

    def _end(self, number: int) -> None:
        # First: once the child is reaped, its pid may belong to somebody else.
        self._end_reaper()
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(number)
        child.send_signal(signal.SIGCONT)
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(_STOP_S)

    def _end_reaper(self) -> None:
        reaper, self._reaper = self._reaper, None
        if reaper is None:
            return
        reaper.kill()
        reaper.wait(_STOP_S)
        if reaper.stdin is not None:
            with contextlib.suppress(OSError):
                reaper.stdin.close()
