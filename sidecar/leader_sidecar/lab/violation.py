"""Owns what a broken promise looks like."""


class Violation(Exception):
    """A promise was broken; the run ends here.

    Args:
        check: which promise, as DESIGN §2 numbers them, or L for a liveness rule.
        text: what happened, for people.
    """

    def __init__(self, check: str, text: str) -> None:
        super().__init__(f"{check}: {text}")
        self.check = check
        self.text = text
