"""Owns the pollers inside the pods of one release, and what is concluded from their answers.

A poller is a process of its pod's node in the namespaces of the pod's app. It does not pass through the API server,
whose absence is one of the disasters; and it is in no control group of the pod, which may hardly get any processor.
"""

from __future__ import annotations

import contextlib
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
# runc writes down which process of its node is the first one of a container.
_FIRST = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1/init.pid"
_ENTER = f'exec nsenter --target "$(cat {_FIRST})" --mount --net --pid python3 -c "$2" "$3"'
_LOOK_ON_S = 20.0
INTERVAL_S = 0.1
"""Between two questions to one pod, where dozens of pods are asked on one machine."""
PODS = 3
LEAST_S = 5.0
"""Each of these pods must be heard as often as in so many seconds, or a second leader might not have been seen."""
_LOOKS = 5
"""Questions to a pod between two looks for new pods."""


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
        self._look_s = _LOOKS * interval_s
        self._least = round(LEAST_S / interval_s)
        self._asking: dict[str, _Asking] = {}
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
            asking.end()
        for asking in self._asking.values():
            asking.join()

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

    def resign(self, who: str) -> None:
        """Let a pod's sidecar step down; no kubectl has to be started for it, which takes a busy machine seconds."""
        [asking] = [one for one in list(self._asking.values()) if one.name == who and not one.ended()]
        asking.resign()

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

    def verdict(self, pods: int = PODS) -> str:
        """Judge I1 and I2, where so many pods were heard so often. Returns: the figures.

        Raises: AssertionError for an overlap, falling tokens, or pods that were not heard.
        """
        seen = [one for one in self.seen if one.token != 0]
        assert self._often(pods), f"not each of {pods} pods was heard {self._least} times: {self._heard()}"
        found = overlaps(seen)
        assert not found, f"{len(found)} answers overlap, the first: {found[0]}"
        assert self.tokens() == sorted(self.tokens()), f"tokens fall: {self.tokens()}"
        return f"{len(seen)} answers, terms {self.tokens()}, 0 overlaps"

    def _heard(self) -> dict[str, int]:
        return dict(Counter(one.who for one in self.seen if one.token != 0))

    def _often(self, pods: int) -> bool:
        return sum(number >= self._least for number in self._heard().values()) >= pods

    def _look_on(self) -> None:
        """Give pods on a busy machine time to be heard often enough."""
        deadline_s = now_s() + _LOOK_ON_S
        while not self._often(PODS) and now_s() < deadline_s:
            time.sleep(self._look_s)

    def _follow(self) -> None:
        while not self._ended.wait(self._look_s):
            self._follow_once()

    def _follow_once(self) -> None:
        try:
            running = self._running()
        except (ApiException, HTTPError, OSError):
            return  # the API server is away; those that were found go on
        for pod in running:
            asking = self._asking.get(pod.container)
            if asking is not None and not asking.ended():
                continue
            if asking is not None:
                asking.end()
            self._asking[pod.container] = _Asking(pod, self._interval_s, self.seen)


class _Asking:
    """The poller of one pod.

    Args:
        pod: whose sidecar it asks.
        interval_s: between two questions.
        seen: gets the answers.
    """

    def __init__(self, pod: Running, interval_s: float, seen: list[Seen]) -> None:
        self.name = pod.name
        self._seen = seen
        command = ["docker", "exec", "--interactive", pod.node, "sh", "-c", _ENTER, "sh"]
        self._process = subprocess.Popen(
            [*command, pod.container, _PROGRAM, str(interval_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ended(self) -> bool:
        """Say whether it has ended, as it does with its pod."""
        return self._process.poll() is not None

    def resign(self) -> None:
        """Let the sidecar step down."""
        assert self._process.stdin is not None
        self._process.stdin.write("resign\n")

    def end(self) -> None:
        """Let it end, soon."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def join(self) -> None:
        """Wait for its end, and for all its answers."""
        self._reader.join(timeout=10.0)
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            fields = line.split()
            if len(fields) == 3:
                token = None if fields[2] == "-" else int(fields[2])
                self._seen.append(Seen(self.name, float(fields[0]), float(fields[1]), token))
        self._process.stdout.close()
