"""Owns the pollers inside the pods of one release, and what is concluded from their answers.

A poller is started by the containerd of its pod's node. It does not pass through the API server, whose absence is one
of the disasters.
"""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from process.poller import Seen, overlaps

_PROGRAM = Path(__file__).with_name("ask.py").read_text()
_LOOK_S = 0.5
_LOOK_ON_S = 20.0
INTERVAL_S = 0.1
"""Between two questions to one pod, where dozens of pods are asked on one machine."""
PODS = 3
LEAST = 100
"""Answers of each of these pods, without which a second leader might not have been seen."""


def now_s() -> float:
    """Return seconds of CLOCK_BOOTTIME, the clock of all pods too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Running:
    """A pod whose app runs: its name, its node, and the container of the app."""

    name: str
    node: str
    container: str


class Watching:
    """Ask in every pod that there is and that comes, while the context lasts.

    Args:
        running: lists the pods whose app runs; may fail while the API server is away.
        interval_s: between two questions to one pod.
    """

    def __init__(self, running: Callable[[], list[Running]], interval_s: float = INTERVAL_S) -> None:
        self._running = running
        self._interval_s = interval_s
        self._asking: dict[str, subprocess.Popen[str]] = {}
        self._begun = itertools.count()
        self._readers: list[threading.Thread] = []
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._ended = threading.Event()
        self.began_s = now_s()
        self.ended_s = 0.0
        self.seen: list[Seen] = []

    def __enter__(self) -> Self:
        self._follow_once()
        self._follower.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            self._look_on()
        self.ended_s = now_s()
        self._ended.set()
        self._follower.join(timeout=30.0)
        for asking in self._asking.values():
            _close(asking)
        for reader in self._readers:
            reader.join(timeout=10.0)
        for asking in self._asking.values():
            asking.kill()
            asking.wait()

    def leader(self, within_s: float, *, other_than: str = "", after_token: int = 0) -> Seen:
        """Wait until some pod says that it leads, and return that answer; a later term's where a token is given."""
        deadline_s = now_s() + within_s
        start = len(self.seen) if not after_token else 0
        while now_s() < deadline_s:
            for one in itertools.islice(self.seen, start, None):
                if one.token is not None and one.token > after_token and one.who != other_than:
                    return one
            time.sleep(0.02)
        raise AssertionError(f"nobody but {other_than or 'nobody'} leads within {within_s:g} s")

    def last_true(self, token: int) -> Seen:
        """Return the last answer of a term."""
        return max((one for one in self.seen if one.token == token), key=lambda one: one.received_s)

    def first_false(self, who: str, after_s: float) -> Seen:
        """Return a pod's first answer that it does not lead to a question asked after an instant."""
        found = [one for one in self.seen if one.who == who and one.token is None and one.sent_s > after_s]
        assert found, f"{who} never said that it does not lead"
        return min(found, key=lambda one: one.sent_s)

    def gaps_s(self) -> list[float]:
        """Return how long nobody said that it leads, at each change of term."""
        trues = sorted((one for one in self.seen if one.token is not None), key=lambda one: one.received_s)
        pairs = itertools.pairwise(trues)
        return [later.received_s - one.received_s for one, later in pairs if later.token != one.token]

    def tokens(self) -> list[int]:
        """Return the terms in the order in which they were told."""
        return list(dict.fromkeys(one.token for one in sorted(self.seen, key=lambda s: s.received_s) if one.token))

    def verdict(self, pods: int = PODS, least: int = LEAST) -> str:
        """Judge I1 and I2. Returns: the figures.

        Raises: AssertionError for an overlap, falling tokens, or pods that were not heard.
        """
        seen, heard = [one for one in self.seen if one.token != 0], self._heard()
        assert sum(number >= least for number in heard.values()) >= pods, f"too few answers: {dict(heard)}"
        found = overlaps(seen)
        assert not found, f"{len(found)} answers overlap, the first: {found[0]}"
        assert self.tokens() == sorted(self.tokens()), f"tokens fall: {self.tokens()}"
        return f"{len(seen)} answers, terms {self.tokens()}, 0 overlaps"

    def _heard(self) -> Counter[str]:
        return Counter(one.who for one in self.seen if one.token != 0)

    def _look_on(self) -> None:
        """Give pods on a busy machine time to be heard often enough."""
        deadline_s = now_s() + _LOOK_ON_S
        while sum(number >= LEAST for number in self._heard().values()) < PODS and now_s() < deadline_s:
            time.sleep(_LOOK_S)

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self._follow_once()

    def _follow_once(self) -> None:
        try:
            running = self._running()
        except (ApiException, HTTPError, OSError):
            return  # the API server is away; those that were found go on
        for pod in running:
            asking = self._asking.get(pod.container)
            if asking is not None and asking.poll() is None:
                continue
            if asking is not None:
                _close(asking)
            self._asking[pod.container] = self._ask(pod)

    def _ask(self, pod: Running) -> subprocess.Popen[str]:
        name = f"ask-{now_s():.3f}-{next(self._begun)}"
        command = ["docker", "exec", "--interactive", pod.node, "ctr", "--namespace", "k8s.io", "tasks", "exec"]
        command += ["--exec-id", name, pod.container, "python3", "-c", _PROGRAM, str(self._interval_s)]
        asking = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        reader = threading.Thread(target=self._read, args=(pod.name, asking), daemon=True)
        self._readers.append(reader)
        reader.start()
        return asking

    def _read(self, name: str, asking: subprocess.Popen[str]) -> None:
        assert asking.stdout is not None
        for line in asking.stdout:
            fields = line.split()
            if len(fields) == 3:
                token = None if fields[2] == "-" else int(fields[2])
                self.seen.append(Seen(name, float(fields[0]), float(fields[1]), token))
        asking.stdout.close()


def _close(asking: subprocess.Popen[str]) -> None:
    assert asking.stdin is not None
    asking.stdin.close()
