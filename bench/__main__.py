"""Owns the run of `make bench`: sidecar and client-go on one real kube-apiserver, and the table of figures."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.audit import Audit
from bench.elector import ElectorMissing, find_elector
from bench.figures import Findings
from bench.machine import machine
from bench.rows import MEASUREMENTS, ROWS
from bench.scene import Options, Scene
from cluster.apiserver import ApiServer
from cluster.programs import ProgramsMissing

# Of a table that is kept in a file.
_WIDTH = 150


@dataclass(frozen=True)
class Flags:
    """What was asked on the command line."""

    options: Options
    only: frozenset[str]
    as_json: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print. Returns: the exit code, 0 also where the sidecar falls short."""
    flags = _flags(argv)
    findings = Findings()
    # Standard output is the table's alone, so that it can be kept.
    progress = Console(stderr=True, highlight=False)
    code = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(flags, Path(folder), findings, progress)
    except KeyboardInterrupt:
        progress.print("broken off: this is what was measured so far")
        code = 130
    except (ElectorMissing, ProgramsMissing, RuntimeError, OSError) as error:
        progress.print(f"broken off: {error}", markup=False)
        code = 1
    rows = [row for row in ROWS if row.key in flags.only]
    if flags.as_json:
        print(json.dumps({"rows": [row.as_json(findings) for row in rows], "machine": machine()}, indent=2))
    else:
        table = Table(title="lease 15/10/2, one real kube-apiserver, one run", title_justify="left", show_lines=True)
        for row in rows:
            cells = row.cells(findings)
            if not table.columns:
                for column in cells:
                    table.add_column(column)
            table.add_row(*cells.values())
        wide = None if sys.stdout.isatty() else _WIDTH
        Console(highlight=False, width=wide).print(table, machine())
    return code


def _measure(flags: Flags, folder: Path, findings: Findings, progress: Console) -> None:
    with progress.status("building client-go's elector") as now:
        if flags.options.with_client_go:
            find_elector()
        now.update("starting a kube-apiserver")
        with ApiServer() as api:
            steps: dict[str, int] = {}

            def step(key: str, what: str) -> None:
                steps[key] = steps.get(key, 0) + 1
                now.update(f"{key}: {what} ({steps[key]})")

            scene = Scene(api, Audit(api, folder), folder, flags.options, findings, step)
            for measure, filled in MEASUREMENTS:
                if not flags.only.isdisjoint(filled):
                    now.update(f"{filled[0]}: waiting for leaders")
                    measure(scene)
                    for row in ROWS:
                        if row.key in filled and row.key in flags.only:
                            cells = row.cells(findings)
                            progress.print(f"{row.key}: {cells['client-go']} | {cells['sidecar']} | {cells['verdict']}")


def _flags(argv: Sequence[str] | None) -> Flags:
    keys = [row.key for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--rounds", type=int, default=40, help="hand-overs and starts of each kind (default 40)")
    parser.add_argument("--crashes", type=int, default=20, help="crashes of each kind, 20 s each (default 20)")
    parser.add_argument("--faults", type=int, default=6, help="leaders frozen, and cut off, 50 s each (default 6)")
    parser.add_argument("--minutes", type=float, default=5.0, help="of quiet that are measured (default 5)")
    parser.add_argument("--load-seconds", type=float, default=60.0, help="of wrk, each way (default 60)")
    parser.add_argument("--only", metavar="ROW[,ROW]", default=",".join(keys), help=f"of {', '.join(keys)}")
    parser.add_argument("--without-client-go", action="store_true", help="measure the sidecar alone; needs no Go")
    parser.add_argument("--json", action="store_true", help="print every sample instead of the table")
    given = parser.parse_args(argv)
    only = frozenset(given.only.split(","))
    if unknown := only - set(keys):
        parser.error(f"there is no row {', '.join(sorted(unknown))}: there are {', '.join(keys)}")
    if min(given.rounds, given.crashes, given.faults, given.minutes, given.load_seconds) <= 0:
        parser.error("every number has to be above 0")
    options = Options(
        rounds=given.rounds,
        crashes=given.crashes,
        faults=given.faults,
        minutes=given.minutes,
        load_s=given.load_seconds,
        with_client_go=not given.without_client_go,
    )
    return Flags(options, only, given.json)


if __name__ == "__main__":
    sys.exit(main())
