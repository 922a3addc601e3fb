"""The page of all that was played, in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from kind.page import REPORT, Span, spans, write
from kind.stage import Stage
from process.poller import Seen

COLOURS = {"a term": (0x2B, 0x6C, 0xB0), "a refused write": (0xC5, 0x30, 0x30)}
WIDE, HIGH = 1100, 12_000


def test_another_answer_or_a_silence_ends_a_bar() -> None:
    def told(second: float, token: int | None, who: str = "a") -> Seen:
        return Seen(who, second, second + 0.1, token)

    seen = [told(1, 7), told(2, 7), told(3, None), told(4, 7), told(5, 8), told(9, 8), told(2.5, 9, "b")]
    assert spans(seen) == [
        Span("a", 7, 1.1, 2.1),
        Span("b", 9, 2.6, 2.6),
        Span("a", 7, 4.1, 4.1),
        Span("a", 8, 5.1, 5.1),
        Span("a", 8, 9.1, 9.1),
    ]


def test_the_page_shows_every_stage_in_a_browser(stages: list[Stage], tmp_path: Path) -> None:
    write(REPORT, stages)
    assert not re.findall(r'src="|href="[^#]|<script|@import|url\(', REPORT.read_text()), (
        "it needs something from elsewhere"
    )
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium: apt-get install chromium")
    common = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path}",
    ]
    url = REPORT.as_uri()
    dom = subprocess.run([*common, "--dump-dom", url], capture_output=True, text=True, timeout=60, check=True).stdout
    assert re.findall(r'<section id="([^"]+)"', dom) == [stage.release.namespace for stage in stages]
    for stage in stages:
        section = dom.partition(f'<section id="{stage.release.namespace}"')[2].partition("</section>")[0]
        leaders = {one.who for watching in stage.watchings for one in watching.seen if one.token is not None}
        lanes = set(re.findall(r'data-pod="([^"]+)"', section))
        assert leaders <= lanes, f"{stage.title}: {leaders - lanes} led and have no lane"
        assert section.count('class="refused"') <= len(stage.evidence.refused)
    picture = tmp_path / "page.png"
    command = [*common, f"--window-size={WIDE},{HIGH}", f"--screenshot={picture}", url]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    pixels = {colour: count for count, colour in Image.open(picture).convert("RGB").getcolors(1 << 22) or []}
    for name, colour in COLOURS.items():
        assert pixels.get(colour, 0) > 20, f"{name} is not to be seen"
