"""Owns a term as an application holds it: its token, what is left of it, and when it is over."""

from threading import Lock

from leader_sidecar.fencing.sight import Sight, now_s


class NotLeading(Exception):
    """This pod does not lead, or not for as long as the work needs."""


class TermView:
    """One term, as far as the sidecar has told it.

    A sidecar that falls silent extends nothing, and takes back nothing: what it has told holds until its end.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight: Sight | None = sight
        self._learning = Lock()
        self.token = sight.token
        """The fencing token: to be sent with every write."""
        self.election = sight.election
        """`namespace/name`."""

    @property
    def valid_for_s(self) -> float:
        """For how many seconds from now this pod leads at least; 0 when the term is over."""
        sight = self._sight
        return max(0.0, sight.valid_until_s - now_s()) if sight else 0.0

    def __bool__(self) -> bool:
        return self.valid_for_s > 0

    def __repr__(self) -> str:
        return f"Term(token={self.token}, valid_for_s={self.valid_for_s:.3f}, election={self.election!r})"

    def learn(self, sight: Sight | None) -> None:
        """Take what the sidecar says now; another token, or none, ends this term for good."""
        with self._learning:
            goes_on = sight and self._sight and (sight.token, sight.election) == (self.token, self.election)
            self._sight = sight if goes_on else None
        if not goes_on:
            self.over()

    def over(self) -> None:
        """Called when the term is found over, perhaps more than once."""

    def pause_s(self, longest_s: float) -> float:
        """Return how long to wait before the sidecar is asked how much is left."""
        return min(longest_s, max(0.02, self.valid_for_s / 2))

    def require(self, left_s: float) -> None:
        """Raise `NotLeading` unless more than `left_s` seconds are left."""
        valid_for_s = self.valid_for_s
        if valid_for_s <= left_s:
            told = f"{valid_for_s:.1f}s left of {left_s:g}s that the work needs" if valid_for_s else "it is over"
            raise NotLeading(f"term {self.token} of {self.election}: {told}; stop, and wait to lead again")
