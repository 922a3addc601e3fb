"""The app: prints one JSON line at each change of leadership; with JOB=1, works some steps as leader and ends.

LEADER_URL   where the sidecar answers (http://localhost:8080)
JOB          1: wait until this pod leads, work STEPS steps (3) of STEP_SECONDS (1) each, end with 0
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from typing import Any, NoReturn

from housekeeping.sidecar import NOBODY, Answer, ask, default_url, now_s

_RETRY_S = 0.5


class App:
    """Follow the sidecar of this pod, and say what changes.

    Args:
        url: where it answers.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._answer = NOBODY
        self._said: tuple[object, ...] = ()

    def serve(self) -> NoReturn:
        """Do nothing but say what changes, until a signal ends the process."""
        while True:
            self._look()

    def work(self, steps: int, step_s: float) -> None:
        """Work a number of steps, each only while this pod leads for long enough to end it."""
        for step in range(1, steps + 1):
            token = self._token_for(step_s)
            time.sleep(step_s)
            say("step", step=step, token=token)

    def _token_for(self, left_s: float) -> int | None:
        while True:
            # Without an index the sidecar answers at once: an answer from before the last step is too old.
            self._answer = replace(self._answer, index=None)
            self._look()
            if self._answer.is_leader and now_s() + left_s < self._answer.valid_until_s:
                return self._answer.token
            if self._answer.is_leader:
                time.sleep(0.1)
            else:
                self._look()

    def _look(self) -> None:
        """Wait for an answer that differs, or for the end of the last one's validity."""
        self._answer = ask(self._url, self._answer)
        shown = _shown(self._answer)
        if shown != self._said:
            say(shown[0], token=self._answer.token, leader=self._answer.leader)
            self._said = shown
        if self._answer is NOBODY:
            time.sleep(_RETRY_S)


def say(event: str, **fields: Any) -> None:
    """Print one line for people and log collectors."""
    print(json.dumps({"event": event, **fields, "boottime_s": round(now_s(), 3)}), flush=True)


def main() -> int:
    """Run until the work is done, or until SIGTERM. Returns: the exit code."""
    job = os.environ.get("JOB") == "1"
    # The first process of a container ignores SIGTERM unless it says otherwise. A Job that was stopped is not done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1 if job else 0))
    app = App(default_url())
    if not job:
        app.serve()
    app.work(int(os.environ.get("STEPS", "3")), float(os.environ.get("STEP_SECONDS", "1")))
    say("done")
    return 0


def _shown(answer: Answer) -> tuple[str, int | None, str]:
    event = "unknown" if answer is NOBODY else "leader" if answer.is_leader else "follower"
    return event, answer.token, answer.leader


if __name__ == "__main__":
    sys.exit(main())
