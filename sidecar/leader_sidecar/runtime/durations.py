"""Owns the one way in which lengths of time are written: in flags, environment, chart values and queries."""

import re

LONGEST_S = 7 * 24 * 3600.0

_SYNTAX = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def parse_duration(text: str) -> float:
    """Read a duration such as `15s`, `0.5s`, `500ms` or `2m`.

    Args:
        text: as a person wrote it; no space, no sign, one unit.

    Returns:
        Seconds, from 0 to a week.

    Raises:
        ValueError: with the rest of a sentence that begins with the text, and names the fix.

    Source: DESIGN §9, `^\\d+(\\.\\d+)?(ms|s|m)$`.
    """
    found = _SYNTAX.fullmatch(text)
    if found is None:
        hint = f"write {text}s" if re.fullmatch(r"[0-9]{1,6}", text) else "write it as 15s, 500ms or 2m"
        raise ValueError(f"is not a duration: {hint}")
    # Rounded, because 0.001 is no binary fraction and 1100ms must be 1.1s, not 1.1000000000000001s.
    seconds = round(float(found[1]) * _SECONDS[found[2]], 9)
    if seconds > LONGEST_S:
        raise ValueError("is over a week: write a shorter duration")
    return seconds


def format_duration(seconds: float) -> str:
    """Write seconds as `parse_duration` reads them: `500ms` under a second, else `15s` or `0.25s`-like decimals."""
    if 0 < seconds < 1 and round(seconds * 1000, 6) == round(seconds * 1000):
        return f"{round(seconds * 1000)}ms"
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"
