"""Owns the count of terms, and of the time when no leader is at work."""

from typing import TYPE_CHECKING

from leader_sidecar.core.messages import Effect, Lead, StopLeading
from leader_sidecar.lab.timeline import Timeline

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate


class Terms(Timeline):
    """Note when a leader is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[float] = []
        self.gaps: list[tuple[float, float]] = []
        """From when to when nobody was at work."""
        self._at_work: set[Candidate] = set()
        self._nobody_since_s = 0.0

    def note(self, text: str, who: str = "") -> None:
        """Keep no lines."""

    def effect(self, process: "Candidate", effect: Effect) -> None:
        """Follow the terms."""
        if isinstance(effect, Lead):
            self.begun.append(process.world.time.now_s)
            self._goes_on(process)
        elif isinstance(effect, StopLeading):
            self._ceases(process)

    def life(self, process: "Candidate", what: str) -> None:
        """Follow who cannot work; a term of a process that wakes goes on if it still may."""
        if what == "wakes" and process.answer().is_leader:
            self._goes_on(process)
        elif what in ("freezes", "dies", "ends"):
            self._ceases(process)

    def _goes_on(self, process: "Candidate") -> None:
        if not self._at_work:
            self.gaps.append((self._nobody_since_s, process.world.time.now_s))
        self._at_work.add(process)

    def _ceases(self, process: "Candidate") -> None:
        if process in self._at_work:
            self._at_work.remove(process)
            self._nobody_since_s = process.world.time.now_s

    def finish(self, now_s: float) -> None:
        """Note a gap that lasts to the end."""
        if not self._at_work:
            self.gaps.append((self._nobody_since_s, now_s))
