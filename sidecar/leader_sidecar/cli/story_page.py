"""Owns the page of a story: one file with inline SVG, a lane a node, time downwards, each step beside its reason."""

# Lines of CSS and HTML are as long as they are.
# ruff: noqa: E501

from collections.abc import Iterator
from html import escape

from leader_sidecar.cli.page_style import PAGE_STYLE
from leader_sidecar.cli.story_drawing import Drawing
from leader_sidecar.cli.story_text import headline
from leader_sidecar.lab.story import Scene, Step, Story

_STYLE = """
main { max-width: 70rem; } body { max-width: 72rem; }
.drawing { overflow-x: auto; margin: 1rem 0; } .drawing svg { display: block; }
.name { font-weight: 600; } .box { fill: var(--paper); stroke: var(--pale); }
.rule { stroke: var(--line); } .idle { stroke: var(--pale); stroke-width: 1.5; } .dead { stroke: var(--pale); stroke-dasharray: 1 6; stroke-width: 2; stroke-linecap: round; }
.frozen { fill: #63b3ed; fill-opacity: .35; stroke: #3182ce; stroke-dasharray: 3 3; }
.token { fill: #fff !important; font-weight: 600; } .cut { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 6 5; }
.message path, .message line { stroke: var(--ink); stroke-width: 1.6; } .message polygon { fill: var(--ink); }
.lost line { stroke: var(--bad); stroke-width: 1.6; stroke-dasharray: 5 4; } .refused line { stroke: var(--bad); stroke-width: 2; }
.fault polygon { fill: var(--bad); } .fault line { stroke: var(--bad); stroke-width: 2; }
.cross { stroke: var(--bad); stroke-width: 3; fill: none; } .fault .cross { stroke-width: 3.5; }
.what { font-weight: 600; } .lost .what, .refused .what, .fault .what { fill: var(--bad); } .leads .what { fill: var(--good); }
.label { font-size: 11.5px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.dot { fill: var(--ink); } .ring { fill: var(--paper); stroke: var(--ink); stroke-width: 2.5; }
th { font-weight: 400; color: var(--pale); } table { margin: .8rem 0; } td { font-variant-numeric: tabular-nums; text-align: left; }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--pale); } .learned { border-left: 4px solid var(--good); padding-left: .8rem; }
"""


def story_page(story: Story) -> str:
    """Make the page."""
    return "".join(_page(story))


def _page(story: Story) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
    yield f"<title>{escape(story.title)} – leader-sidecar</title>\n<style>{PAGE_STYLE}{_STYLE}</style>\n<main>\n"
    yield f"<h1>{escape(story.title)}</h1>\n<p>{escape(story.intro)}</p>\n"
    for number, scene in enumerate(story.scenes, 1):
        yield from _scene(scene, number, numbered=len(story.scenes) > 1)
    if story.conclusion:
        yield f'<h2>What it comes to</h2>\n<p class="learned">{escape(story.conclusion)}</p>\n'
    yield f'<p class="pale">Made by <code>leader-sidecar lab {escape(story.name)}</code>: nothing here is drawn by hand.</p>\n'
    yield "</main>\n</html>\n"


def _scene(scene: Scene, number: int, *, numbered: bool) -> Iterator[str]:
    heading = f"{number}. {scene.title}" if numbered else scene.title
    yield f'<section id="scene-{number}">\n<h2>{escape(heading)}</h2>\n<p>{escape(scene.intro)}</p>\n'
    yield f'<div class="drawing">{Drawing(scene, number).svg()}</div>\n'
    if scene.figures:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(figure)}</td></tr>" for name, figure in scene.figures)
        yield f"<table>{rows}</table>\n"
    if scene.conclusion:
        yield f'<p class="learned">{escape(scene.conclusion)}</p>\n'
    yield f"<details><summary>The same in words</summary><ol>{''.join(map(_in_words, scene.steps))}</ol></details>\n"
    yield "</section>\n"


def _in_words(step: Step) -> str:
    text = f" {escape(step.text)}" if step.text else ""
    return f"<li>{step.at_s:.2f} s: <strong>{escape(headline(step))}</strong>.{text}</li>"
