"""Owns the reading of the statements that guards send, which lie beside them as text for other languages."""

from functools import cache
from pathlib import Path

_NAME = "-- name: "


@cache
def statements(file: str) -> dict[str, str]:
    """Read a file whose statements each begin with a line `-- name: NAME`.

    Args:
        file: its name in this folder.

    Returns:
        Statement by name, comments and a last semicolon left out.
    """
    found: dict[str, str] = {}
    for part in Path(__file__).with_name(file).read_text(encoding="utf-8").split(_NAME)[1:]:
        name, _, body = part.partition("\n")
        lines = (line for line in body.splitlines() if not line.lstrip().startswith("--"))
        found[name.strip()] = "\n".join(lines).strip().removesuffix(";")
    return found
