"""Terms for many writers at once, and the account of what became of each write."""

from __future__ import annotations

import random
import threading

from guards.store import Session, Store
from leader_sidecar.fencing import StaleToken


class Terms:
    """Terms as elections make them: a later one has a larger token. What became of each write is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.newest = 1
        self.accepted: list[tuple[int, str]] = []
        self.refused: list[tuple[int, str]] = []

    def next(self, chance: random.Random) -> int:
        with self._lock:
            self.newest += chance.randint(1, 3)
            return self.newest

    def keep(self, session: Session, token: int, entry: str) -> bool:
        """Write, and keep what the writer was told."""
        try:
            session.persist(token, entry)
        except StaleToken as refusal:
            if refusal.high_water <= token:
                raise AssertionError("a term was refused although nothing newer was accepted") from refusal
            self.refused.append((token, entry))
            return False
        self.accepted.append((token, entry))
        return True

    def judge(self, store: Store, resource: str, high_water: int, writes: int) -> None:
        """Compare what writers were told with what the store holds."""
        entries = store.entries(resource)
        tokens = [token for token, _ in entries]
        assert tokens == sorted(tokens), "an older term's write took effect after a newer one's"
        assert len(entries) == len(set(entries)), "a write took effect twice"
        assert set(entries) == set(self.accepted), "the store holds what was refused, or lacks what was accepted"
        assert len(self.accepted) + len(self.refused) == writes
        assert self.accepted, "every write was refused"
        assert self.refused, "no write was refused: the test shows nothing"
        assert high_water >= tokens[-1]
