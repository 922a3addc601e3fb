"""Owns `make demo`: two acts on this machine, with real processes: a hand-over, and a frozen leader that wakes.

Every figure is read from the answers that the apps got, or from the ledger's database.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from demo import fencing, handover, report
from demo.actors import DemoError, free_ports, stage

PORTS = (8080, 8180, 8280)


def main(argv: Sequence[str] | None = None) -> int:
    """Play.

    Returns: 0 when it went as it must, 1 when not, 130 after ctrl-C.
    """
    parser = argparse.ArgumentParser(prog="make demo", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--seed", type=int, default=417, help="decides batches, merchants and amounts (417)")
    parser.add_argument("--json", action="store_true", help="print one JSON document, and no progress")
    parser.add_argument("--report", type=Path, default=Path("demo-report.html"), help="the page (demo-report.html)")
    parser.add_argument("--act", choices=("1", "2"), help="play only the hand-over (1), or only the freeze (2)")
    flags = parser.parse_args(argv)
    console = Console(highlight=False, quiet=flags.json)
    runs: list[fencing.Run] = []
    try:
        with tempfile.TemporaryDirectory(prefix="leader-sidecar-demo-") as folder, console.status("") as now:
            if flags.act != "2":
                console.rule("Act 1: a leader dies, another steps down")
                now.update("starting an API server and three sidecars")
                with stage(Path(folder) / "1", free_ports(PORTS)) as sidecars:
                    handover.play(console, sidecars)
            if flags.act != "1":
                console.rule("Act 2: a leader is frozen in the midst of a batch, and wakes")
                for guarded in (False, True):
                    place = Path(folder) / ("guarded" if guarded else "unguarded")
                    runs.append(fencing.play(console, now, place, free_ports(PORTS), seed=flags.seed, guarded=guarded))
    except DemoError as error:
        Console(stderr=True, highlight=False).print(f"[red]{error}[/red]")
        return 1
    except KeyboardInterrupt:
        return 130
    if not runs:
        return 0
    report.write(flags.report, runs)
    fencing.sum_up(console, runs, flags.report)
    if flags.json:
        print(json.dumps({"seed": flags.seed, "report": str(flags.report), "runs": [run.document() for run in runs]}))
    return 0 if fencing.as_it_must(runs) else 1


if __name__ == "__main__":
    sys.exit(main())
