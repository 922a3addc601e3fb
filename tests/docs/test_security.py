"""Every row of the threat model names tests, and every test that is named is there."""

from __future__ import annotations

import ast
import re

import pytest

from docs.pages import ROOT, sections

PAGE = ROOT / "SECURITY.md"
NAMED = r"`(tests/[\w/]+\.py)::(test_\w+)`"


def rows() -> list[list[str]]:
    """Return the cells of each row of the threat model."""
    lines = [line for line in sections(PAGE)["Threat model"].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_row_names_a_test_and_nothing_else_in_its_last_cell() -> None:
    assert len(rows()) > 20
    for row in rows():
        assert len(row) == 4, row
        assert re.findall(NAMED, row[3]), row[:2]
        assert re.sub(NAMED, "", row[3]).strip() == "", row[3]


@pytest.mark.parametrize(("file", "name"), re.findall(NAMED, PAGE.read_text()))
def test_every_test_that_is_named_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
