"""Owns the reading of the project's pages: sections, anchors, links and code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")))


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading of the second level, up to the next one."""
    _, *parts = re.split(r"(?m)^## (.+)$", page.read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def anchors(page: Path) -> set[str]:
    """Return what links to this page may name after `#`, as GitHub makes it of the headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", without_code(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[tuple[str, str]]:
    """Return the links of a page into this repository: path and anchor, either of which may be empty."""
    targets = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    return [(path, anchor) for path, _, anchor in (target.partition("#") for target in inside)]


def code(page: Path, language: str) -> list[str]:
    """Return the blocks of code in one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", page.read_text())


def without_code(text: str) -> str:
    """Leave the blocks of code out, in which a line may begin with `#`."""
    return re.sub(r"(?ms)^```.*?^```$", "", text)
