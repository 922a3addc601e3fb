"""Owns MicroTime, the API's instant with exactly six fractional digits: reading it, and saying what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
# The layout's parts, in order, as Go names them in its messages.
_PARTS = [
    ("2006", r"\d{4}"),
    ("-", "-"),
    ("01", r"\d{2}"),
    ("-", "-"),
    ("02", r"\d{2}"),
    ("T", "T"),
    ("15", r"\d{2}"),
    (":", ":"),
    ("04", r"\d{2}"),
    (":", ":"),
    ("05", r"\d{2}"),
    (".000000", r"[.,]\d{6}"),
    ("Z07:00", r"Z|[+-]\d{2}:\d{2}"),
]


def parse_microtime(text: str) -> str:
    """Read a MicroTime as the API does and write it as the API answers it, in UTC.

    Args:
        text: such as `2026-01-02T03:04:05.123456Z`; an offset like `+02:00` is taken in the place of `Z`.
    Returns: the same instant, ending in `Z`.
    Raises: ValueError with the API's message. Years 0000 and 10000, which the API takes, are out of range here.
    """
    taken: list[str] = []
    rest = text
    for name, pattern in _PARTS:
        match = re.match(pattern, rest, re.ASCII)
        if match is None:
            raise ValueError(f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{name}"')
        taken.append(match.group())
        rest = rest[match.end() :]
    if rest:
        raise ValueError(f'parsing time "{text}": extra text: "{rest}"')
    year, month, day, hour, minute, second = (int(taken[place]) for place in (0, 2, 4, 6, 8, 10))
    _check_range(text, month, hour, minute, second)
    zone = _zone(text, taken[12])
    try:
        instant = datetime(year, month, day, hour, minute, second, int(taken[11][1:]), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'parsing time "{text}": day out of range') from None
    return instant.strftime(f"{instant.year:04d}-%m-%dT%H:%M:%S.%fZ")


def _check_range(text: str, month: int, hour: int, minute: int, second: int) -> None:
    for name, value, lowest, highest in (
        ("month", month, 1, 12),
        ("hour", hour, 0, 23),
        ("minute", minute, 0, 59),
        ("second", second, 0, 59),
    ):
        if not lowest <= value <= highest:
            raise ValueError(f'parsing time "{text}": {name} out of range')


def _zone(text: str, zone: str) -> timezone:
    if zone == "Z":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23:
        raise ValueError(f'parsing time "{text}": time zone offset hour out of range')
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if zone[0] == "-" else offset)
