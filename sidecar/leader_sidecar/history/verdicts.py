"""Owns what is concluded about one promise: on how many facts, what could not be judged, what contradicts it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from leader_sidecar.history.lines import Line

PROMISES = {
    "I1": "one leader at a time",
    "I2": "a later term has a larger token",
    "I3": "a term keeps its token",
    "I4": "nothing is told before it is proved",
    "I5": "accepted tokens never fall",
    "I6": "nothing below a mark takes effect",
    "I7": "a release is of one's own record",
    "I8": "who saw another leader stops",
}
"""The promises that logs can tell something of (docs/SAFETY.md has all), in the order in which they are judged."""

WENT_BACK = "the API's data went back in time, so versions give no order"


@dataclass(frozen=True, slots=True)
class Violation:
    """Two lines that contradict each other.

    Args:
        text: what happened, one sentence for people.
        lines: the lines that show it, in the order of the sentence.
    """

    text: str
    lines: Sequence[Line]


@dataclass(slots=True)
class Verdict:
    """What the logs say of one promise.

    Args:
        promise: as in `PROMISES`.
        what: what was counted, such as "hand-overs".
        facts: how many of them could be judged.
        unjudged: why others could not be, and how many.
        violations: in the order in which they were found.
    """

    promise: str
    what: str
    facts: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def broken(self, text: str, *lines: Line) -> None:
        """Note a violation."""
        self.violations.append(Violation(text, lines))

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return "broken" if self.violations else "kept" if self.facts else "not judged"
