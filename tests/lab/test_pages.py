"""The pages of the stories, looked at in a browser: lanes, terms and messages, readable, in light and in dark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from browser import find_browser, pixels
from leader_sidecar.cli import story_drawing
from leader_sidecar.cli.page_style import REFUSED_COLOUR, TERM_COLOURS
from leader_sidecar.cli.story_page import story_page
from leader_sidecar.lab.stories.bully import tell_bully
from leader_sidecar.lab.stories.etcd import tell_etcd
from leader_sidecar.lab.stories.fencing import tell_fencing
from leader_sidecar.lab.stories.timeline import tell_run
from leader_sidecar.lab.stories.zookeeper import tell_zookeeper
from leader_sidecar.lab.story import LaneState, Mark, Scene, Story
from leader_sidecar.lab.virtual_time import VirtualTime

STORIES: dict[str, Callable[[], Story]] = {
    "bully": tell_bully,
    "zookeeper": tell_zookeeper,
    "etcd": tell_etcd,
    "fencing": tell_fencing,
    "timeline": lambda: tell_run(342)[0],
}
# What a person would see at once: words beyond the drawing, over one another, or over the lanes.
PROBE = """
<script>
const told = {beyond: [], over: [], scenes: []};
for (const svg of document.querySelectorAll('svg')) {
  const box = svg.viewBox.baseVal, all = selector => [...svg.querySelectorAll(selector)];
  const words = all('text').map(text => [text.textContent, text.getBBox()]);
  for (const [text, b] of words)
    if (b.x < 0 || b.y < 0 || b.x + b.width > box.width || b.y + b.height > box.height) told.beyond.push(text);
  const lines = all('.step > text:not(.label), .lane > .name').map(text => [text.textContent, text.getBBox()]);
  for (const [i, [text, b]] of lines.entries())
    for (const [other, c] of lines.slice(i + 1))
      if (b.x < c.x + c.width && c.x < b.x + b.width && b.y + 2 < c.y + c.height && c.y + 2 < b.y + b.height)
        told.over.push([text, other]);
  const right = mark => mark.getBBox().x + mark.getBBox().width;
  const lanes = Math.max(...all('.lane line, .lane rect').map(right));
  for (const [text, b] of lines.filter(([, b]) => b.y > 44)) if (b.x < lanes) told.over.push([text, 'the lanes']);
  const count = selector => all(selector).length;
  told.scenes.push({
    name: svg.querySelector('title').textContent,
    lanes: all('.lane').map(lane => lane.dataset.lane),
    terms: all('.term').map(term => [term.dataset.lane, term.dataset.token]),
    messages: count('.message line'), lost: count('.lost .cross'), refused: count('.refused .cross'),
    faults: count('.step.fault'), frozen: count('rect.frozen'), steps: count('.step'),
  });
}
document.body.append(Object.assign(document.createElement('pre'), {id: 'probe', textContent: JSON.stringify(told)}));
</script>
"""


@pytest.fixture(scope="module", params=STORIES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Path]:
    """Run a story once and write its page."""
    story = STORIES[request.param]()
    page = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    page.write_text(story_page(story), encoding="utf-8")
    return story, page


def test_lanes_terms_and_messages_are_drawn_and_no_words_collide(told: tuple[Story, Path], tmp_path: Path) -> None:
    story, page = told
    seen = look(page.read_text(encoding="utf-8"), tmp_path)
    assert (seen["beyond"], seen["over"]) == ([], [])
    assert len(seen["scenes"]) == len(story.scenes)
    for scene, drawn in zip(story.scenes, seen["scenes"], strict=True):
        terms = {(step.lane, step.token) for step in scene.steps if step.state is LaneState.LEADS}
        arrows = [step.mark for step in scene.steps if step.to]
        assert drawn["name"] == scene.title
        assert drawn["lanes"] == list(scene.lanes)
        assert {(lane, token) for lane, token in drawn["terms"]} == terms != set()
        assert drawn["messages"] == arrows.count(Mark.MESSAGE) > 0
        assert drawn["lost"] == arrows.count(Mark.LOST)
        assert drawn["refused"] == arrows.count(Mark.REFUSED)
        assert drawn["faults"] == sum(step.mark is Mark.FAULT for step in scene.steps)
        assert drawn["frozen"] == sum(step.state is LaneState.FROZEN for step in scene.steps)
        assert drawn["steps"] == len(scene.steps)


def test_every_step_stands_in_words_too(told: tuple[Story, Path]) -> None:
    story, page = told
    text = page.read_text(encoding="utf-8")
    assert text.count("<li>") == sum(len(scene.steps) for scene in story.scenes)
    assert len(re.findall(r'aria-labelledby="(title-\d+) (told-\d+)"', text)) == len(story.scenes)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_seen_in_light_and_dark(told: tuple[Story, Path], tmp_path: Path, dark: bool) -> None:
    story, page = told
    paper, bad = ((0x14, 0x18, 0x1F), (0xFC, 0x81, 0x81)) if dark else ((255, 255, 255), rgb(REFUSED_COLOUR))
    image = find_browser(tmp_path).picture(page, 1200, 1600, dark=dark)
    colours = pixels(image)
    assert image.getpixel((2, 2)) == paper
    assert colours[paper] > image.width * image.height / 2
    assert colours.get(rgb(TERM_COLOURS[0]), 0) > 300, f"the first term of {story.name} is not to be seen"
    assert colours.get(bad, 0) > 40, f"what went wrong in {story.name} is not to be seen"


def test_the_look_at_words_finds_what_goes_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_drawing, "_CHARACTER", 4.0)
    monkeypatch.setattr(story_drawing, "_LINE", 9)
    seen = look(story_page(tell_fencing()), tmp_path)
    assert seen["beyond"] != []
    assert seen["over"] != []


def test_a_long_headline_stays_within_the_drawing(tmp_path: Path) -> None:
    scene = Scene("A long headline", "", ("one", "other"), VirtualTime())
    scene.tell(Mark.FAULT, "", " ".join(["VIOLATION I1: two leaders both answer true"] * 4), "It ends here.")
    scene.tell(Mark.MESSAGE, "one", "claim", "", to="other")
    seen = look(story_page(Story("test", "A test", "", [scene])), tmp_path)
    assert (seen["beyond"], seen["over"]) == ([], [])


def look(page: str, folder: Path) -> dict[str, Any]:
    """Load a page and say what the probe saw of it."""
    probed = folder / "probed.html"
    probed.write_text(page + PROBE, encoding="utf-8")
    found = re.search(r'<pre id="probe">(.*?)</pre>', find_browser(folder).document(probed), re.DOTALL)
    assert found is not None
    seen: dict[str, Any] = json.loads(unescape(found[1]))
    return seen


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
