"""Owns the page of `make demo`: who believed to lead when, what was written and what was refused. One file, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from demo.fencing import Run
from leader_sidecar.cli.page_style import PAGE_STYLE, REFUSED_COLOUR, TERM_COLOURS

_WIDTH, _LEFT, _ROW, _TOP = 1000, 130, 34, 26
_LABEL = 70  # a bar that is narrower has no room for its label


def write(file: Path, runs: Sequence[Run]) -> None:
    """Write the page."""
    file.write_text("".join(_page(runs)), encoding="utf-8")


def _page(runs: Sequence[Run]) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>leader-sidecar: a frozen leader wakes</title><style>{PAGE_STYLE}</style>'
    yield "<h1>A frozen leader wakes</h1>"
    yield "<p>The leader, app and sidecar together, was stopped in the midst of a batch. A successor was elected and paid the rest. "
    yield "Then the old one went on where it was. The same story twice, with one switch in the ledger.</p>"
    for run in runs:
        yield from _run(run)
    yield '<p class="pale">Bars: the sidecar told its app that it leads. Ticks: writes, in the colour of their term; red: of the old term, after a newer one had begun. Crosses: refused.</p></html>'


def _run(run: Run) -> Iterator[str]:
    told = run.document()
    style = "bad" if told["paid_twice"] else "good"
    name = "With the guard" if run.guarded else "Without the guard"
    yield f'<section id="{"guarded" if run.guarded else "unguarded"}"><h2>{name}: <span class="{style}">{told["paid_twice"]} merchants paid twice</span></h2>'
    yield f"<p>{told['payments']} payments in {told['batches_paid']} batches; of the writes that {escape(run.frozen)} made with token "
    yield f"{run.old_token} after waking, {told['late_writes_accepted']} took effect and {told['late_writes_refused']} were refused; {told['never_paid']} merchants were forgotten.</p>"
    yield from _timeline(run)
    yield "</section>"


def _timeline(run: Run) -> Iterator[str]:
    pods = sorted(run.believed)
    rows = [*pods, "ledger"]
    height = _TOP + _ROW * len(rows) + 24
    tokens = sorted({span[2] for spans in run.believed.values() for span in spans})
    colour = {token: TERM_COLOURS[number % len(TERM_COLOURS)] for number, token in enumerate(tokens)}
    start_s = min([span[0] for spans in run.believed.values() for span in spans] or [run.began_s]) - 0.5
    scale = (_WIDTH - _LEFT - 10) / max(run.ended_s - start_s, 1e-9)

    def x(at_s: float) -> float:
        return round(_LEFT + (at_s - start_s) * scale, 1)

    yield f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="timeline of the run">'
    for second in range(int(run.ended_s - start_s) + 1):
        at = x(start_s + second)
        yield f'<line x1="{at}" y1="{_TOP}" x2="{at}" y2="{height - 24}" stroke="var(--line)"/>'
        if second % 2 == 0:
            yield f'<text class="pale" x="{at}" y="{height - 8}" text-anchor="middle">{second} s</text>'
    for number, name in enumerate(rows):
        y = _TOP + _ROW * number
        yield f'<g class="row" data-row="{escape(name)}"><text x="0" y="{y + 21}">{escape(name)}</text>'
        if name == run.frozen:
            width = round((run.woken_s - run.frozen_s) * scale, 1)
            yield f'<rect class="frozen" x="{x(run.frozen_s)}" y="{y + 2}" width="{width}" height="{_ROW - 4}" fill="#63b3ed" opacity=".25"/>'
            yield f'<text class="pale" x="{x(run.frozen_s) + width / 2}" y="{y + 21}" text-anchor="middle">frozen for {run.woken_s - run.frozen_s:.1f} s</text>'
        for from_s, to_s, token in run.believed.get(name, []):
            to_s = min(to_s, run.frozen_s) if name == run.frozen and from_s < run.frozen_s else to_s
            width = max(round((to_s - from_s) * scale, 1), 2)
            yield f'<rect class="leads" x="{x(from_s)}" y="{y + 7}" width="{width}" height="{_ROW - 14}" rx="3" fill="{colour[token]}"/>'
            if width > _LABEL:
                yield f'<text x="{x(from_s) + 6}" y="{y + 21}" style="fill:#fff">token {token}</text>'
        if name == "ledger":
            yield from _writes(run, colour, x, y)
        yield "</g>"
    yield "</svg>"


def _writes(run: Run, colour: dict[int, str], x: object, y: float) -> Iterator[str]:
    assert callable(x)
    for one in run.evidence["accepted"]:
        at = x(one["at_s"])
        late = one["token"] == run.old_token and one["at_s"] >= run.woken_s
        tint = REFUSED_COLOUR if late else colour.get(one["token"], "#718096")
        title = f"<title>{escape(one['what'])}, token {one['token']}{', late' if late else ''}</title>"
        yield f'<line class="accepted" x1="{at}" y1="{y + 8}" x2="{at}" y2="{y + 26}" stroke="{tint}" stroke-width="2">{title}</line>'
    for one in run.evidence["refused"]:
        at = x(one["at_s"])
        title = f"<title>{escape(one['what'])}: token {escape(str(one['token']))} refused, {one['high_water']} was accepted</title>"
        yield f'<path class="refused" d="M{at - 5} {y + 12} l10 10 m0 -10 l-10 10" stroke="{REFUSED_COLOUR}" stroke-width="3" fill="none">{title}</path>'
