"""`make demo` as people run it, and its page in a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from browser import find_browser, pixels

ROOT = Path(__file__).parents[2]
LEADS = {"first term": (0x2B, 0x6C, 0xB0), "second term": (0xB7, 0x79, 0x1F)}
LATE = (0xC5, 0x30, 0x30)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Run it once; give what it tells programs, and the page."""
    page = tmp_path_factory.mktemp("demo") / "report.html"
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--json", "--seed", "99", "--report", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), page


def test_the_unguarded_ledger_is_harmed_and_the_guarded_one_is_not(told: tuple[dict[str, Any], Path]) -> None:
    unguarded, guarded = told[0]["runs"]
    assert (unguarded["guarded"], guarded["guarded"]) == (False, True)
    assert unguarded["paid_twice"] > 0
    assert unguarded["late_writes_accepted"] > 0
    assert guarded["paid_twice"] == 0
    assert guarded["late_writes_accepted"] == 0
    assert guarded["late_writes_refused"] > 0
    for run in (unguarded, guarded):
        assert run["never_paid"] == 0
        assert run["batches_paid"] >= 2
        assert run["tokens"][0] == run["old_token"] < run["tokens"][-1]


def test_the_page_needs_nothing_from_elsewhere(told: tuple[dict[str, Any], Path]) -> None:
    page = told[1].read_text()
    assert not re.findall(r'(?:src|href)="|<script|@import|url\(', page)


def test_the_page_shows_the_rows_of_both_runs_in_a_browser(told: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    browser = find_browser(tmp_path)
    dom = browser.document(told[1])
    rows = re.findall(r'data-row="([^"]+)"', dom)
    assert rows == ["payouts-0", "payouts-1", "payouts-2", "ledger"] * 2
    image = browser.picture(told[1], 1100, 1000)
    # One timeline in the upper half of what is shown, one below.
    for name, top in (("unguarded", 0), ("guarded", image.height // 2)):
        seen = pixels(image.crop((0, top, image.width, top + image.height // 2)))
        for bar, colour in LEADS.items():
            assert seen.get(colour, 0) > 300, f"{name}: the bars of the {bar} are not to be seen"
        assert seen.get(LATE, 0) > 20, f"{name}: late or refused writes are not to be seen"


@pytest.mark.parametrize("argv", [["--help"], ["--seeds"], ["--act", "3"]])
def test_its_usage_is_told(argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo", *argv], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == (0 if argv == ["--help"] else 2)
    assert "--seed" in done.stdout + done.stderr
