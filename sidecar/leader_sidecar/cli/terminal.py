"""Owns how output looks to people: columns, and colours where a terminal is sure to show them."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Final, TextIO

GREEN: Final = 32
YELLOW: Final = 33
RED: Final = 31
BOLD: Final = 1
DIM: Final = 2
CYAN: Final = 36


def paint(text: str, colour: int, stream: TextIO | None = None) -> str:
    """Colour the text when the stream is a terminal that shows colours and nobody asked for none (NO_COLOR)."""
    out = stream or sys.stdout
    if not out.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def columns(rows: Sequence[Sequence[str]], last_free: bool = True) -> list[str]:
    """Align rows into columns, two spaces apart.

    Args:
        rows: the first is the heading.
        last_free: the last column is as long as it is and sets no width.
    """
    # A holder's name may be anything; it does not command the terminal.
    rows = [[cell if cell.isprintable() else json.dumps(cell)[1:-1] for cell in row] for row in rows]
    count = max(map(len, rows))
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(count)]
    if last_free:
        widths[-1] = 0
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
