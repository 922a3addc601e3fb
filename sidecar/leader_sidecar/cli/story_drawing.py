"""Owns the drawing of one scene as SVG: lanes from left to right, rows from top to bottom, the text at the right."""

from collections.abc import Iterator
from html import escape
from textwrap import wrap

from leader_sidecar.cli.page_style import TERM_COLOURS
from leader_sidecar.cli.story_text import headline
from leader_sidecar.lab.story import LaneState, Mark, Scene, Step

_TIME, _TEXT, _TOP, _LINE, _PAD = 84, 430, 46, 17, 13
_CHARACTER, _BOLD_CHARACTER = 7.3, 8.6
"""Pixels that a character takes at most on average; the text is wrapped by it, since SVG does not."""
_HALF_BAR = 7


class Drawing:
    """Draw a scene.

    Args:
        scene: what is drawn.
        number: makes its ids unique in the page.
    """

    def __init__(self, scene: Scene, number: int) -> None:
        self._scene = scene
        self._number = number
        self._lane_width = max(84.0, *(len(lane) * 8.0 + 32 for lane in scene.lanes))
        self._text_x = _TIME + self._lane_width * len(scene.lanes) + 14
        self._width = self._text_x + _TEXT
        self._heads = [wrap(headline(step), int(_TEXT / _BOLD_CHARACTER)) for step in scene.steps]
        self._texts = [wrap(step.text, int(_TEXT / _CHARACTER)) for step in scene.steps]
        self._tops: list[float] = []
        bottom: float = _TOP
        for head, text in zip(self._heads, self._texts, strict=True):
            self._tops.append(bottom)
            bottom += (len(head) + len(text)) * _LINE + _PAD
        self._bottom = bottom
        terms = dict.fromkeys((step.lane, step.token) for step in scene.steps if step.state is LaneState.LEADS)
        self._colours = {term: TERM_COLOURS[at % len(TERM_COLOURS)] for at, term in enumerate(terms)}

    def svg(self) -> str:
        """Return the whole drawing."""
        names, number = ", ".join(self._scene.lanes), self._number
        told = (
            f"A lane for each of {names}; {len(self._scene.steps)} steps from top to bottom, which follow as text too."
        )
        head = (
            f'<svg viewBox="0 0 {self._width:g} {self._bottom + 14:g}" style="min-width:{self._width * 0.82:g}px" '
            f'role="img" aria-labelledby="title-{number} told-{number}">'
            f'<title id="title-{number}">{escape(self._scene.title)}</title>'
            f'<desc id="told-{number}">{escape(told)}</desc>'
        )
        return "".join((head, *self._rules(), *self._lanes(), *self._cuts(), *self._rows(), "</svg>"))

    def _x(self, lane: str) -> float:
        return _TIME + self._lane_width * (self._scene.lanes.index(lane) + 0.5)

    def _y(self, row: int) -> float:
        return self._tops[row] + 15

    def _rules(self) -> Iterator[str]:
        """Draw a line and the time wherever time has moved on."""
        previous = ""
        for row, step in enumerate(self._scene.steps):
            at = f"{step.at_s:.2f} s"
            if at != previous:
                y = self._tops[row]
                yield f'<line class="rule" x1="0" y1="{y:g}" x2="{self._width:g}" y2="{y:g}"/>'
                yield f'<text class="pale" x="{_TIME - 14}" y="{y + 19:g}" text-anchor="end">{at}</text>'
            previous = at

    def _lanes(self) -> Iterator[str]:
        for lane in self._scene.lanes:
            x, half = self._x(lane), len(lane) * 4.0 + 10
            yield f'<g class="lane" data-lane="{escape(lane)}">'
            spans = list(self._spans(lane))
            yield from (self._span(x, state, begin, end) for state, begin, end, _ in spans)
            yield from (
                self._term(x, lane, begin, end, token) for s, begin, end, token in spans if s is LaneState.LEADS
            )
            yield f'<rect class="box" x="{x - half:g}" y="8" width="{2 * half:g}" height="26" rx="6"/>'
            yield f'<text class="name" x="{x:g}" y="26" text-anchor="middle">{escape(lane)}</text></g>'

    def _spans(self, lane: str) -> Iterator[tuple[LaneState, float, float, str]]:
        """Cut a lane where its state changes: state, from and to, the token of a term."""
        state, begin, token = LaneState.IDLE, float(_TOP - 12), ""
        for row, step in enumerate(self._scene.steps):
            if step.lane == lane and step.state is not None:
                yield state, begin, self._y(row), token
                state, begin, token = step.state, self._y(row), step.token
        yield state, begin, self._bottom + 8, token

    def _span(self, x: float, state: LaneState, begin: float, end: float) -> str:
        if state is LaneState.FROZEN:
            box = f'x="{x - _HALF_BAR:g}" y="{begin:g}" width="{2 * _HALF_BAR}" height="{end - begin:g}"'
            label = f'<text class="label" x="{x + _HALF_BAR + 4:g}" y="{begin + 20:g}">frozen</text>'
            return f'<rect class="frozen" {box} rx="4"/>{label}'
        kind = "dead" if state is LaneState.DEAD else "idle"
        return f'<line class="{kind}" x1="{x:g}" y1="{begin:g}" x2="{x:g}" y2="{end:g}"/>'

    def _term(self, x: float, lane: str, begin: float, end: float, token: str) -> str:
        label = f"token {token}" if token else "leads"
        half = len(label) * 4.1 + 7
        bar = f'x="{x - _HALF_BAR:g}" y="{begin:g}" width="{2 * _HALF_BAR}" height="{max(end - begin, 20):g}" rx="4"'
        pill = f'x="{x - half:g}" y="{begin - 10:g}" width="{2 * half:g}" height="21" rx="10"'
        return (
            f'<g class="term" data-token="{escape(token)}" data-lane="{escape(lane)}" '
            f'fill="{self._colours[lane, token]}">'
            f"<rect {bar}/><rect {pill}/>"
            f'<text class="token" x="{x:g}" y="{begin + 5:g}" text-anchor="middle">{escape(label)}</text></g>'
        )

    def _cuts(self) -> Iterator[str]:
        """Draw a line between lanes that do not reach each other, for as long as that lasts."""
        rows = [(row, step.sides) for row, step in enumerate(self._scene.steps) if step.sides is not None]
        ends = [*(self._y(row) for row, _ in rows[1:]), self._bottom]
        for (row, sides), end in zip(rows, ends, strict=False):
            for one, other in zip(self._scene.lanes, self._scene.lanes[1:], strict=False):
                if any(one in side and other not in side for side in sides):
                    x = (self._x(one) + self._x(other)) / 2
                    yield f'<line class="cut" x1="{x:g}" y1="{self._y(row):g}" x2="{x:g}" y2="{end:g}"/>'

    def _rows(self) -> Iterator[str]:
        for row, step in enumerate(self._scene.steps):
            y = self._y(row)
            yield f'<g class="step {step.mark}" data-lane="{escape(step.lane)}">'
            yield self._arrow(step, y) if step.to else self._mark(step, y)
            for number, line in enumerate([*self._heads[row], *self._texts[row]]):
                kind = ' class="what"' if number < len(self._heads[row]) else ""
                yield f'<text{kind} x="{self._text_x:g}" y="{y + 4 + number * _LINE:g}">{escape(line)}</text>'
            yield "</g>"

    def _arrow(self, step: Step, y: float) -> str:
        begin, end = self._x(step.lane), self._x(step.to)
        forth = 1 if end > begin else -1
        begin, end = begin + forth * _HALF_BAR, end - forth * (_HALF_BAR + 3)
        line = f'<line x1="{begin:g}" y1="{y:g}" x2="{end - forth * 4:g}" y2="{y:g}"/>'
        middle = f'x="{(begin + end) / 2:g}" y="{y - 5:g}" text-anchor="middle"'
        label = f'<text class="label" {middle}>{escape(step.label)}</text>'
        if step.mark in (Mark.MESSAGE, Mark.FAULT):
            tail = end - forth * 9
            return f'{line}<polygon points="{end:g},{y:g} {tail:g},{y - 5:g} {tail:g},{y + 5:g}"/>{label}'
        return f"{line}{_cross(end - forth * 3, y, 5)}{label}"

    def _mark(self, step: Step, y: float) -> str:
        if not step.lane:
            if step.mark is not Mark.FAULT:
                return ""
            return f'<line class="cut" x1="{_TIME}" y1="{y:g}" x2="{self._text_x - 14:g}" y2="{y:g}"/>'
        x = self._x(step.lane)
        if step.mark is Mark.FAULT:
            return _cross(x, y, 7)
        if step.mark is Mark.LEADS:  # the term's own label stands there
            return ""
        return f'<circle class="{"ring" if step.mark is Mark.ENDS else "dot"}" cx="{x:g}" cy="{y:g}" r="5"/>'


def _cross(x: float, y: float, half: float) -> str:
    left, right, top, bottom = x - half, x + half, y - half, y + half
    return f'<path class="cross" d="M{left:g} {top:g} L{right:g} {bottom:g} M{left:g} {bottom:g} L{right:g} {top:g}"/>'
