"""Owns how a story looks in a terminal: a column a node, time downwards, each step beside its reason."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import wrap

from leader_sidecar.cli.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint
from leader_sidecar.lab.story import LaneState, Mark, Scene, Step, Story

_TIME_WIDTH = 9
_SHORTEST_TEXT = 30
"""Columns; where fewer are left beside the lanes, the text stands below them."""
_LONGEST_TEXT = 76
_STATES = {
    LaneState.IDLE: ("│", DIM),
    LaneState.LEADS: ("┃", GREEN),
    LaneState.FROZEN: ("░", CYAN),
    LaneState.DEAD: ("·", DIM),
}
_MARKS = {Mark.FAULT: ("✗", RED), Mark.LEADS: ("◆", GREEN), Mark.ENDS: ("◇", YELLOW), Mark.NOTE: ("●", BOLD)}
_COLOURS = {Mark.LOST: RED, Mark.REFUSED: RED, **{mark: colour for mark, (_, colour) in _MARKS.items()}}
_LEGEND = "Time runs downwards. ┃~leads │~does~not ░~frozen ·~dead ──▶~message ──✗~lost~or~refused"
_PLAIN = str.maketrans("│┃░·✗◆◇●─▶◀╎→–…", "|#%.xLo*-><:>-.")

_Cell = tuple[str, int]


def story_lines(story: Story, width: int) -> Iterator[str]:
    """Draw a story, line by line.

    Args:
        width: columns of the terminal.
    """
    text_width = min(width, 100)
    yield paint(story.title, BOLD)
    yield from wrap(story.intro, text_width)
    yield ""
    yield from (paint(line.replace("~", " "), DIM) for line in wrap(_LEGEND, width))
    for number, scene in enumerate(story.scenes, 1):
        yield ""
        yield paint(f"{number}. {scene.title}" if len(story.scenes) > 1 else scene.title, BOLD)
        yield from wrap(scene.intro, text_width)
        yield ""
        yield from _Lanes(scene, width).lines()
        if scene.figures:
            yield ""
            broad = max(len(name) for name, _ in scene.figures)
            for name, figure in scene.figures:
                first = f"  {name:<{broad}}  "
                yield from wrap(figure, width, initial_indent=first, subsequent_indent=" " * len(first))
        if scene.conclusion:
            yield ""
            yield from wrap(scene.conclusion, text_width)
    if story.conclusion:
        yield ""
        yield from wrap(story.conclusion, text_width)


def write_story(story: Story, width: int) -> None:
    """Print a story; a terminal of another encoding is shown what it can show."""
    encoding = sys.stdout.encoding or "ascii"
    for line in story_lines(story, width):
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            line = line.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
        print(line)


@dataclass
class _Lanes:
    """The lanes of one scene while they are drawn.

    Args:
        scene: what is drawn.
        width: columns of the terminal.
    """

    scene: Scene
    width: int
    states: dict[str, LaneState] = field(default_factory=dict)
    sides: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        self.names = _short(self.scene.lanes)
        self.widths = [max(5, len(name) + 2) for name in self.names]
        self.lanes_width = sum(self.widths)
        room = self.width - _TIME_WIDTH - self.lanes_width - 2
        self.beside = room >= _SHORTEST_TEXT
        self.text_width = min(room if self.beside else self.width - _TIME_WIDTH, _LONGEST_TEXT)

    def lines(self) -> Iterator[str]:
        yield " " * _TIME_WIDTH + self._heading().rstrip()
        previous = ""
        for step in self.scene.steps:
            at = f"{step.at_s:.2f} s"
            if previous and at != previous:
                yield self._line("", self._row(None), "")
            yield from self._step(step, "" if at == previous else at)
            previous = at

    def _heading(self) -> str:
        named = zip(self.names, self.widths, strict=True)
        return "".join(paint(name.center(width), BOLD) for name, width in named)

    def _step(self, step: Step, at: str) -> Iterator[str]:
        row = self._row(step)
        if step.state is not None:
            self.states[step.lane] = step.state
        self.sides = self.sides if step.sides is None else step.sides
        head, *rest = wrap(headline(step), self.text_width) or [""]
        texts = [paint(line, _COLOURS.get(step.mark, BOLD)) for line in (head, *rest)]
        texts += wrap(step.text, self.text_width)
        if not self.beside:
            yield self._line(at, row, "")
            yield from (" " * _TIME_WIDTH + text for text in texts)
            return
        for text in texts:
            yield self._line(at, row, text)
            at, row = "", self._row(None)

    def _line(self, at: str, row: list[_Cell], text: str) -> str:
        drawn = "".join(paint(character, colour) if colour else character for character, colour in row)
        return f"{at:>{_TIME_WIDTH - 1}} {drawn}  {text}".rstrip()

    def _row(self, step: Step | None) -> list[_Cell]:
        """Draw the lanes, and a step's mark or arrow upon them."""
        row: list[_Cell] = [(" ", 0)] * self.lanes_width
        for lane in self.scene.lanes:
            row[self._column(lane)] = _STATES[self.states.get(lane, LaneState.IDLE)]
        for one, other in zip(self.scene.lanes, self.scene.lanes[1:], strict=False):
            if any(one in side and other not in side for side in self.sides):
                row[(self._column(one) + self._column(other)) // 2] = ("╎", RED)
        if step is not None and step.to:
            self._arrow(row, step)
        elif step is not None and step.lane:
            row[self._column(step.lane)] = _MARKS[step.mark]
        elif step is not None and step.mark is Mark.FAULT:
            row = [("─", RED) if character == " " else (character, colour) for character, colour in row]
        return row

    def _arrow(self, row: list[_Cell], step: Step) -> None:
        begin, end = self._column(step.lane), self._column(step.to)
        forth = 1 if end > begin else -1
        colour = RED if step.mark is not Mark.MESSAGE else 0
        arrives = step.mark in (Mark.MESSAGE, Mark.FAULT)
        for at in range(begin + forth, end, forth):
            row[at] = ("─", colour)
        row[end - forth] = ("▶" if forth > 0 else "◀", colour) if arrives else ("✗", RED)

    def _column(self, lane: str) -> int:
        number = self.scene.lanes.index(lane)
        return sum(self.widths[:number]) + self.widths[number] // 2


def headline(step: Step) -> str:
    """Return what a step is called: a message by its ends, its name and its fate."""
    if not step.to:
        return step.label
    fate = {Mark.LOST: ", lost", Mark.REFUSED: ", refused"}.get(step.mark, "")
    return f"{step.lane} → {step.to}  {step.label}{fate}"


def _short(lanes: tuple[str, ...]) -> list[str]:
    """Shorten names that differ in their number only, where there are many of them."""
    stems = {name.rpartition("-")[0] for name in lanes if "-" in name}
    if len(lanes) < 5 or len(stems) != 1:
        return list(lanes)
    stem = stems.pop()
    return [name.replace(stem + "-", "…-", 1) for name in lanes]
