"""Owns the pollers inside the pods of one release, and what is concluded from their answers."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from cluster.kind import KindCluster, program
from process.poller import Seen, overlaps

_PROGRAM = Path(__file__).with_name("ask.py").read_text()
_LOOK_S = 0.2
PODS = 3
LEAST = 100
"""Answers of each of these pods, without which a second leader might not have been seen."""


def now_s() -> float:
    """Return seconds of CLOCK_BOOTTIME, the clock of all pods too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Watching:
    """Ask in every pod that there is and that comes, while the context lasts.

    Args:
        cluster, namespace: where the pods are.
        names: lists the pods whose app runs.
    """

    def __init__(self, cluster: KindCluster, namespace: str, names: Callable[[], list[str]]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._names = names
        self._asking: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._ended = threading.Event()
        self.seen: list[Seen] = []

    def __enter__(self) -> Self:
        self._follow_once()
        self._follower.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._follower.join(timeout=30.0)
        for asking in self._asking.values():
            asking.kill()
        for reader in self._readers:
            reader.join(timeout=10.0)

    def leader(self, within_s: float, *, other_than: str = "", after_token: int = 0) -> Seen:
        """Wait until some pod says that it leads, and return that answer; a later term's where a token is given."""
        deadline_s = now_s() + within_s
        start = len(self.seen) if not after_token else 0
        while now_s() < deadline_s:
            for one in self.seen[start:]:
                if one.token is not None and one.token > after_token and one.who != other_than:
                    return one
            time.sleep(0.01)
        raise AssertionError(f"nobody but {other_than or 'nobody'} leads within {within_s:g} s")

    def last_true(self, token: int) -> Seen:
        """Return the last answer of a term."""
        return max((one for one in self.seen if one.token == token), key=lambda one: one.received_s)

    def gaps_s(self) -> list[float]:
        """Return how long nobody said that it leads, at each change of term."""
        trues = sorted((one for one in self.seen if one.token is not None), key=lambda one: one.received_s)
        pairs = itertools.pairwise(trues)
        return [later.received_s - one.received_s for one, later in pairs if later.token != one.token]

    def tokens(self) -> list[int]:
        """Return the terms in the order in which they were told."""
        return list(dict.fromkeys(one.token for one in sorted(self.seen, key=lambda s: s.received_s) if one.token))

    def verdict(self) -> None:
        """Judge I1 and I2. Raises: AssertionError for an overlap, falling tokens, or pods that were not heard."""
        heard = Counter(one.who for one in self.seen)
        assert sum(number >= LEAST for number in heard.values()) >= PODS, f"too few answers: {dict(heard)}"
        found = overlaps(self.seen)
        assert not found, f"{len(found)} answers overlap, the first: {found[0]}"
        assert self.tokens() == sorted(self.tokens()), f"tokens fall: {self.tokens()}"
        print(f"{len(self.seen)} answers, terms {self.tokens()}, 0 overlaps")

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self._follow_once()

    def _follow_once(self) -> None:
        for name in self._names():
            asking = self._asking.get(name)
            if asking is None or asking.poll() is not None:
                command = ["kubectl", "-n", self._namespace, "exec", name, "-c", "app", "--", "python3", "-c", _PROGRAM]
                command[0] = program("kubectl")
                self._asking[name] = subprocess.Popen(
                    command,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    env={**os.environ, "KUBECONFIG": str(self._cluster.kubeconfig)},
                )
                reader = threading.Thread(target=self._read, args=(name, self._asking[name]), daemon=True)
                self._readers.append(reader)
                reader.start()

    def _read(self, name: str, asking: subprocess.Popen[str]) -> None:
        assert asking.stdout is not None
        for line in asking.stdout:
            fields = line.split()
            if len(fields) == 3:
                token = None if fields[2] == "-" else int(fields[2])
                self.seen.append(Seen(name, float(fields[0]), float(fields[1]), token))
        asking.stdout.close()
        asking.wait()
