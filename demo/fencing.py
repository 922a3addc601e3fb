"""Owns the second act: the leader, app and sidecar together, is frozen in the midst of a batch, and wakes.

A successor has gone on meanwhile; the frozen one goes on too. Once with a ledger that ignores tokens, once with one
that refuses older ones.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table

from demo.actors import App, DemoError, LedgerProcess, Sidecar, stage, wait_for
from demo.housekeeping.ledger_client import Ledger, LedgerAway

_LEADER_S = 20.0
_HALF_S = 20.0
_WOKEN_S = 10.0
_AFTER_S = 2.0
_LOOK_S = 0.05


@dataclass
class Run:
    """What one run came to; instants in seconds of CLOCK_BOOTTIME.

    Args:
        guarded: whether the ledger refused older tokens.
        began_s, ended_s: of the run.
        frozen: the pod that was frozen.
        frozen_s, woken_s: from when to when.
        believed: for each pod, the spans in which its app was told that it leads: from, to, token.
        evidence: what the ledger tells in the end.
    """

    guarded: bool
    began_s: float
    frozen: str = ""
    old_token: int = 0
    frozen_s: float = 0.0
    woken_s: float = 0.0
    ended_s: float = 0.0
    believed: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def late_accepted(self) -> int:
        """How many writes of the old term took effect after it was frozen and awake again."""
        return sum(one["token"] == self.old_token and one["at_s"] >= self.woken_s for one in self.evidence["accepted"])

    @property
    def late_refused(self) -> int:
        """How many of them were refused."""
        return sum(str(one["token"]) == str(self.old_token) for one in self.evidence["refused"])

    def document(self) -> dict[str, Any]:
        """Tell it as JSON."""
        told = self.evidence
        return {
            "guarded": self.guarded,
            "frozen": self.frozen,
            "frozen_for_s": round(self.woken_s - self.frozen_s, 3),
            "old_token": self.old_token,
            "tokens": sorted({one["token"] for one in told["accepted"]}),
            "payments": told["payments"],
            "batches_paid": told["pointer"] - told["first_batch"],
            "paid_twice": len(told["paid_twice"]),
            "never_paid": len(told["never_paid"]),
            "late_writes_accepted": self.late_accepted,
            "late_writes_refused": self.late_refused,
        }


class Watcher:
    """Ask every sidecar who leads, as its app does, and note the answers."""

    def __init__(self, sidecars: Sequence[Sidecar]) -> None:
        self._sidecars = sidecars
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._watch, args=(one,), daemon=True) for one in sidecars]
        self.believed: dict[str, list[tuple[float, float, int]]] = {one.name: [] for one in sidecars}

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(3.0)

    def _watch(self, sidecar: Sidecar) -> None:
        spans = self.believed[sidecar.name]
        while not self._ended.wait(_LOOK_S):
            told = sidecar.answer() or {}
            at_s = now_s()
            token = told.get("token")
            if not token:
                continue
            if spans and spans[-1][2] == token:
                spans[-1] = (spans[-1][0], at_s, token)
            else:
                spans.append((at_s, at_s, token))


def play(console: Console, now: Status, folder: Path, ports: list[int], *, seed: int, guarded: bool) -> Run:
    """Play it once. Raises: DemoError when something does not come."""
    kind = "[bold]with[/bold]" if guarded else "[bold]without[/bold]"
    console.print(f"\nThe ledger {kind} its guard:")
    now.update("starting an API server, three sidecars, three apps and a ledger")
    with stage(folder, ports) as sidecars:
        process = LedgerProcess(folder, seed, guarded=guarded)
        apps: list[App] = []
        try:
            wait_for(lambda: process.url, 10.0, "the start of the ledger")
            ledger = Ledger(process.url)
            apps += [App(sidecar, folder, process.url) for sidecar in sidecars]
            return _story(console, now, sidecars, apps, ledger, Run(guarded, now_s()))
        finally:
            for one in [*apps, process]:
                one.signal(signal.SIGCONT)
                one.end()
            for sidecar in sidecars:
                sidecar.signal(signal.SIGCONT)


def _story(console: Console, now: Status, sidecars: list[Sidecar], apps: list[App], ledger: Ledger, run: Run) -> Run:
    with Watcher(sidecars) as watcher:
        now.update("waiting for a leader: a new Lease has its first one after 5 s")
        old = wait_for(lambda: next((app for app in apps if _token(app)), None), _LEADER_S, "an election")
        run.frozen, run.old_token = old.sidecar.name, _token(old)
        now.update("waiting for a half-paid batch, not the first one")
        first = ledger.batch().number
        batch = wait_for(lambda: _half_paid(ledger, first + 1), _HALF_S, "a half-paid batch")
        run.frozen_s = now_s()
        for process in (old, old.sidecar):
            process.signal(signal.SIGSTOP)
        console.print(
            f"  {run.frozen} leads with token {run.old_token}; [cyan]frozen[/cyan] (SIGSTOP, app and sidecar) in batch "
            f"{batch['batch']}: {len(batch['paid'])} of {len(batch['merchants'])} merchants paid"
        )
        now.update("waiting for a successor: the others wait for the lease duration")
        others = [app for app in apps if app is not old]
        new = wait_for(lambda: next((app for app in others if _token(app)), None), _LEADER_S, "a successor")
        token = _token(new)
        took_s = now_s() - run.frozen_s
        console.print(
            f"  {new.sidecar.name} leads with token {token} after {took_s:.1f} s and pays the rest of the batch"
        )
        wait_for(lambda: ledger.batch().number > batch["batch"], _HALF_S, "the next batch")
        run.woken_s = now_s()
        for process in (old.sidecar, old):
            process.signal(signal.SIGCONT)
        now.update("the old leader is awake, and goes on where it was")
        wait_for(lambda: _late(ledger, run), _WOKEN_S, f"a late write of {run.frozen}")
        time.sleep(_AFTER_S)
        run.evidence = ledger.evidence()
    run.ended_s, run.believed = now_s(), watcher.believed
    late = f"{run.late_accepted} of its late writes took effect, {run.late_refused} were refused"
    console.print(f"  {run.frozen} [cyan]awake[/cyan] with token {run.old_token} < {token}: {late}")
    twice = run.evidence["paid_twice"]
    style = "red" if twice else "green"
    console.print(f"  merchants paid twice: [bold {style}]{len(twice)}[/bold {style}]")
    return run


def sum_up(console: Console, runs: Sequence[Run], page: Path) -> None:
    """Print both runs side by side."""
    table = Table(title="What the ledger's database says", title_justify="left", title_style="bold")
    table.add_column("")
    rows = [run.document() for run in runs]
    for row in rows:
        table.add_column("guarded" if row["guarded"] else "unguarded", justify="right")
    for name in ("payments", "batches_paid", "late_writes_accepted", "late_writes_refused", "paid_twice", "never_paid"):
        table.add_row(name.replace("_", " "), *(str(row[name]) for row in rows))
    console.print()
    console.print(table)
    console.print(f"Who believed to lead when: {page}")


def as_it_must(runs: Sequence[Run]) -> bool:
    """Say whether the guarded run is clean, and the unguarded one shows what it is guarded from."""
    clean = all(not run.evidence["paid_twice"] and run.late_refused for run in runs if run.guarded)
    harmed = all(run.evidence["paid_twice"] for run in runs if not run.guarded)
    return clean and harmed and not any(run.evidence["never_paid"] for run in runs)


def now_s() -> float:
    """Return seconds of CLOCK_BOOTTIME, which the ledger and the sidecars count too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _token(app: App) -> int:
    return int((app.sidecar.answer() or {}).get("token") or 0)


def _half_paid(ledger: Ledger, least: int) -> dict[str, Any] | None:
    try:
        batch = ledger.batch()
    except LedgerAway as error:
        raise DemoError(f"the ledger does not answer: {error}") from None
    paid, due = len(batch.paid), len(batch.merchants)
    told = {"batch": batch.number, "paid": sorted(batch.paid), "merchants": list(batch.merchants)}
    return told if batch.number >= least and due // 3 <= paid <= 2 * due // 3 else None


def _late(ledger: Ledger, run: Run) -> bool:
    run.evidence = ledger.evidence()
    return bool(run.late_accepted or run.late_refused)
