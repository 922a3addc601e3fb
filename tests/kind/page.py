"""Owns kind-report.html: who said to lead when, what befell, and what was refused. One file, no script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from kind.stage import Fault, Stage
from kind.watching import Watching
from leader_sidecar.cli.page_style import PAGE_STYLE, REFUSED_COLOUR, TERM_COLOURS
from process.poller import Seen, overlaps

REPORT = Path(__file__).parents[2] / "build" / "kind" / "kind-report.html"

_WIDTH, _LEFT, _ROW, _TOP, _FOOT = 1000, 130, 26, 24, 22
_LABEL = 44  # a bar that is narrower has no room for its label
_SILENCE_S = 2.5  # longer than a poller waits for an answer
_MOST_LANES = 8
_STYLE = f"{PAGE_STYLE} ul {{ margin: .3rem 0; }} li {{ overflow-wrap: anywhere; }} svg {{ margin-top: .4rem; }}"


@dataclass(frozen=True)
class Span:
    """How long one pod said, again and again, that it leads with one token; 0 is an elector's that has none."""

    who: str
    token: int
    began_s: float
    ended_s: float


def spans(seen: Sequence[Seen]) -> list[Span]:
    """Join answers to spans; an answer without the token, or a silence, ends one."""
    found: list[Span] = []
    for who in {one.who for one in seen}:
        open_span: Span | None = None
        for one in sorted((one for one in seen if one.who == who), key=lambda one: one.sent_s):
            goes_on = open_span and one.token == open_span.token and one.sent_s - open_span.ended_s < _SILENCE_S
            if open_span and not goes_on:
                found.append(open_span)
                open_span = None
            if one.token is not None:
                began_s = open_span.began_s if open_span else one.received_s
                open_span = Span(who, one.token, began_s, one.received_s)
        if open_span:
            found.append(open_span)
    return sorted(found, key=lambda span: span.began_s)


def write(file: Path, stages: Sequence[Stage]) -> None:
    """Write the page."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(_page(stages)), encoding="utf-8")


def _page(stages: Sequence[Stage]) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>leader-sidecar: disasters</title><style>{_STYLE}</style>'
    yield "<h1>Disasters on a real cluster</h1><p>A lane for each pod that led or was struck. Bars: the sidecar told its app that "
    yield "it leads, with this token. Shaded: what befell. Crosses: writes that the ledger refused.</p>"
    yield "<table><tr><th>stage<th>answers<th>terms<th>overlaps<th>payments<th>paid twice<th>refused</tr>"
    for stage in stages:
        yield from _row(stage)
    yield "</table>"
    for stage in stages:
        yield f'<section id="{escape(stage.release.namespace)}"><h2>{escape(stage.title)}</h2>'
        for number, watching in enumerate(stage.watchings):
            yield from _timeline(stage, watching, number)
        yield f"<ul>{''.join(f'<li>{escape(figure)}</li>' for figure in stage.figures)}</ul></section>"
    yield "</html>"


def _row(stage: Stage) -> Iterator[str]:
    told = stage.evidence
    tokens = {token for watching in stage.watchings for token in watching.tokens()}
    found = sum(len(overlaps([one for one in watching.seen if one.token != 0])) for watching in stage.watchings)
    answers = sum(len(watching.seen) for watching in stage.watchings)
    numbers = (answers, len(tokens), found, told.payments, len(told.paid_twice), len(told.refused))
    yield f'<tr><td><a href="#{escape(stage.release.namespace)}">{escape(stage.title)}</a>'
    for column, number in enumerate(numbers):
        yield f'<td class="bad">{number:,}' if column in (2, 4) and number else f"<td>{number:,}"
    yield "</tr>"


def _timeline(stage: Stage, watching: Watching, number: int) -> Iterator[str]:
    faults = [one for one in stage.faults if watching.began_s <= one.began_s <= watching.ended_s]
    bars = spans(watching.seen)
    lanes = _lanes(watching, bars, faults)
    height = _TOP + _ROW * (len(lanes) + 1) + _FOOT
    length_s = max(watching.ended_s - watching.began_s, 1.0)
    scale = (_WIDTH - _LEFT - 30) / length_s

    def x(at_s: float) -> float:
        return round(_LEFT + (min(max(at_s, watching.began_s), watching.ended_s) - watching.began_s) * scale, 1)

    yield f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(stage.title)}, watch {number + 1}">'
    yield from _axis(length_s, height, lambda second: x(watching.began_s + second))
    for fault in faults:
        yield from _fault(fault, lanes, height, x)
    tokens = sorted({bar.token for bar in bars})
    colour = {token: TERM_COLOURS[place % len(TERM_COLOURS)] for place, token in enumerate(tokens)}
    for place, who in enumerate(lanes):
        y = _TOP + _ROW * place
        yield f'<g class="lane" data-pod="{escape(who)}"><text x="0" y="{y + 17}">{escape(_short(who))}</text>'
        for bar in bars:
            if bar.who == who:
                yield from _bar(bar, y, x, colour[bar.token])
        yield "</g>"
    yield from _ledger(stage, watching, _TOP + _ROW * len(lanes), x)
    yield "</svg>"


def _lanes(watching: Watching, bars: Sequence[Span], faults: Sequence[Fault]) -> list[str]:
    """Choose the lanes: of few pods all; of many, those that led and those that were struck."""
    everybody = sorted({one.who for one in watching.seen})
    if len(everybody) <= _MOST_LANES:
        return everybody
    return list(dict.fromkeys([*(bar.who for bar in bars), *(fault.who for fault in faults if fault.who)]))


def _axis(length_s: float, height: int, x: Callable[[float], float]) -> Iterator[str]:
    step_s = next(step for step in (1, 2, 5, 10, 20, 60) if length_s / step <= 16 or step == 60)
    for mark in range(math.floor(length_s / step_s) + 1):
        at = x(mark * step_s)
        yield f'<line x1="{at}" y1="{_TOP}" x2="{at}" y2="{height - _FOOT}" stroke="var(--line)"/>'
        yield f'<text class="pale" x="{at}" y="{height - 6}" text-anchor="middle">{mark * step_s} s</text>'


def _fault(fault: Fault, lanes: Sequence[str], height: int, x: Callable[[float], float]) -> Iterator[str]:
    width = max(round(x(fault.ended_s) - x(fault.began_s), 1), 2.0)
    if fault.who in lanes:
        y, tall = _TOP + _ROW * lanes.index(fault.who) + 1, _ROW - 2
    else:
        y, tall = _TOP, height - _FOOT - _TOP
    yield f'<rect class="fault" x="{x(fault.began_s)}" y="{y}" width="{width}" height="{tall}" fill="#e53e3e" opacity=".22"/>'
    yield f'<text class="pale" x="{x(fault.began_s)}" y="{_TOP - 8}">{escape(fault.name)}</text>'


def _bar(bar: Span, y: int, x: Callable[[float], float], colour: str) -> Iterator[str]:
    width = max(round(x(bar.ended_s) - x(bar.began_s), 1), 2.0)
    name = f"token {bar.token}" if bar.token else "no token"
    yield f'<rect class="leads" x="{x(bar.began_s)}" y="{y + 4}" width="{width}" height="{_ROW - 8}" rx="3" fill="{colour}">'
    yield f"<title>{escape(bar.who)}, {name}, {bar.ended_s - bar.began_s:.1f} s</title></rect>"
    if width > _LABEL:
        yield f'<text x="{x(bar.began_s) + 5}" y="{y + 17}" style="fill:#fff">{bar.token or "no token"}</text>'


def _ledger(stage: Stage, watching: Watching, y: int, x: Callable[[float], float]) -> Iterator[str]:
    yield f'<g class="lane" data-pod="ledger"><text x="0" y="{y + 17}">ledger</text>'
    for one in stage.evidence.accepted:
        if watching.began_s <= one["at_s"] <= watching.ended_s:
            at = x(one["at_s"])
            yield f'<line x1="{at}" y1="{y + 9}" x2="{at}" y2="{y + 18}" stroke="var(--pale)" stroke-width="1"/>'
    for one in stage.evidence.refused:
        if watching.began_s <= one["at_s"] <= watching.ended_s:
            at, title = x(one["at_s"]), f"{one['what']}: token {one['token']} refused, {one['high_water']} was accepted"
            yield f'<path class="refused" d="M{at - 5} {y + 8} l10 10 m0 -10 l-10 10" stroke="{REFUSED_COLOUR}" stroke-width="3">'
            yield f"<title>{escape(title)}</title></path>"
    yield "</g>"


def _short(who: str) -> str:
    """Shorten a pod's name to what tells it from its neighbours."""
    return who.rpartition("housekeeping-demo-")[2]
