"""Owns what a guard says when it refuses. A refusal is told before anything was written."""


class Refusal(Exception):
    """What every refusal of a guard is: nothing was written.

    Args:
        resource: what the guard protects.
        sentence: what is wrong, in one line that names the fix.
    """

    def __init__(self, resource: str, sentence: str) -> None:
        super().__init__(sentence)
        self.resource = resource


class StaleToken(Refusal):
    """A later term has written, or stamped: whoever holds this token leads no more.

    Args:
        resource: what the guard protects.
        token: what was offered.
        high_water: the highest token that was accepted.
    """

    def __init__(self, resource: str, token: int, high_water: int) -> None:
        super().__init__(
            resource,
            f"token {token} is stale at {resource}, which has accepted {high_water}: "
            "end this term's work and wait to lead again",
        )
        self.token = token
        self.high_water = high_water

    def __reduce__(self) -> tuple[object, ...]:
        return StaleToken, (self.resource, self.token, self.high_water)


class AbsentToken(Refusal):
    """A write without a token."""

    def __init__(self, resource: str) -> None:
        super().__init__(resource, f"a write to {resource} needs the fencing token of the term: send it along")


class MalformedToken(Refusal):
    """A token that is none: not ASCII decimal 1 … 2^53−1 without sign, space or leading zero."""

    def __init__(self, resource: str, token: object) -> None:
        super().__init__(resource, f"{token!r:.60} is no fencing token for {resource}: send a whole number 1 … 2^53−1")


class Busy(Refusal):
    """Writes of an older term did not end in time; they are shut out, and the same write may be tried again."""

    def __init__(self, resource: str, waited_s: float) -> None:
        super().__init__(resource, f"writes of an older term at {resource} did not end within {waited_s:g}s: try again")


class NotPrepared(Exception):
    """The store lacks what the guard keeps its mark in; the message names the one statement that makes it."""


class WrongTransaction(Exception):
    """The connection's transaction is not as the call needs it, so that check and write would not be one step."""
