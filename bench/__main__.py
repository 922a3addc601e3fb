"""Owns the run of `make bench`: sidecars on a real kube-apiserver, measured from outside, and the table of figures."""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measures import crash, hand_over, memory_mib, requests_per_minute, start_up
from bench.stage import Stage
from cluster.apiserver import ApiServer
from process.servers import RealServer


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--rounds", type=int, default=20, help="how often each quick thing is measured (default 20)")
    parser.add_argument("--crashes", type=int, default=4, help="how often a leader is killed, 15 s each (default 4)")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long requests are counted (default 1)")
    flags = parser.parse_args(argv)
    console = Console(highlight=False)
    table = Table(title="leader-sidecar, lease 15/10/2, real kube-apiserver", title_justify="left")
    for column in ("what", "n", "p50", "p99 or max"):
        table.add_column(column)
    try:
        with tempfile.TemporaryDirectory() as folder, console.status("") as now, ApiServer() as api:
            stage = Stage(RealServer(api), Path(folder), f"bench-{secrets.token_hex(3)}")
            with stage:
                now.update("start-up")
                _row(table, "process start to first answer", start_up(stage, flags.rounds), "s")
                now.update("gentle hand-over")
                _row(table, "gentle hand-over, SIGTERM to new leader", hand_over(stage, flags.rounds), "s")
                now.update("crash")
                _row(table, "crash, beyond last renewal + lease duration", crash(stage, flags.crashes), "s")
                now.update("requests")
                leader, follower = requests_per_minute(stage, flags.minutes)
                table.add_row("API requests per minute, leader / follower", "1", f"{leader:.1f} / {follower:.1f}", "")
                table.add_row(
                    "RSS, leader / follower", "1", " / ".join(f"{one:.1f} MiB" for one in memory_mib(stage)), ""
                )
    except KeyboardInterrupt:
        return 130
    console.print(table)
    console.print(
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )
    return 0


def _row(table: Table, what: str, seconds: Sequence[float], unit: str) -> None:
    ordered = sorted(seconds)
    worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    table.add_row(what, str(len(ordered)), f"{statistics.median(ordered):.3f} {unit}", f"{worst:.3f} {unit}")


if __name__ == "__main__":
    sys.exit(main())
