"""Owns the guess at what a mistyped name was meant to be."""

from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], likeness: float = 0.6) -> str | None:
    """Find the name that looks most like the word.

    Args:
        word: as a person wrote it.
        names: what would have been right.
        likeness: 0 … 1, how alike the two must be at least.

    Returns:
        The nearest name, or None when none is near enough.
    """
    # Imported here: only a person's mistake pays for it.
    from difflib import get_close_matches

    found = get_close_matches(word, list(names), n=1, cutoff=likeness)
    return found[0] if found else None
