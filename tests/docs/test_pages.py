"""What pages point at is there, and the commands they show are commands of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import PAGES, ROOT, anchors, code, links
from leader_sidecar.cli.main import COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_every_command_of_ours_is_one() -> None:
    shown = "\n".join(block for page in PAGES for block in code(page, "(?:sh|console)"))
    named = set(re.findall(r"(?:^|\s)(?<!-c )leader-sidecar ([a-z][a-z-]*)", shown))
    assert {"run", "doctor", "status"} <= named <= set(COMMANDS)
