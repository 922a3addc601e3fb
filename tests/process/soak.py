"""Sidecars for half an hour under faults: whether they hold more memory or descriptors in the end than before.

PYTHONPATH=tests python -m process.soak --minutes 30
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.apiserver import ApiServer
from process.poller import Poller
from process.proxy import Proxy
from process.servers import RealServer
from process.sidecars import QUICK, Group, SidecarProcess
from process.test_network import DEADLY

FAULT_S = (0.5, 6.0)
CALM_S = (1.0, 4.0)
MOST_MORE_MIB = 2.0
MOST_MORE_DESCRIPTORS = 4


@dataclass(frozen=True)
class Held:
    """What one process holds: resident memory in MiB, and open descriptors."""

    memory_mib: float
    descriptors: int


def held(sidecar: SidecarProcess) -> Held:
    """Look at one process."""
    process = Path(f"/proc/{sidecar.process.pid}")
    kib = next(int(line.split()[1]) for line in (process / "status").read_text().splitlines() if "VmRSS" in line)
    return Held(kib / 1024, len(list((process / "fd").iterdir())))


def growth(history: Sequence[Held]) -> Held:
    """Compare the last third of what was held with the middle one; the first is warming up."""
    third = len(history) // 3
    middle, last = history[third : 2 * third], history[-third:]
    return Held(
        statistics.median(one.memory_mib for one in last) - statistics.median(one.memory_mib for one in middle),
        max(one.descriptors for one in last) - max(one.descriptors for one in middle),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the soak. Returns: 1 when something grew, or two led at once."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the faults (default 1)")
    flags = parser.parse_args(argv)
    chance = random.Random(flags.seed)
    logging.disable()  # a connection that a proxy resets is what it is for
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = RealServer(stack.enter_context(ApiServer()))
        kubeconfig = server.kubeconfig(folder, "soak", ["payouts"])
        proxies = [stack.enter_context(Proxy(kubeconfig)) for _ in range(3)]
        sidecars = []
        for number, proxy in enumerate(proxies):
            by = proxy.kubeconfig(folder / f"{number}.kubeconfig")
            sidecars.append(SidecarProcess(folder, by, ["soak/payouts"], f"payouts-{number}", QUICK))
            stack.callback(sidecars[-1].process.kill)
            sidecars[-1].start()
        return soak(Group(sidecars), proxies, flags.minutes * 60, chance)


def soak(group: Group, proxies: Sequence[Proxy], seconds: float, chance: random.Random) -> int:
    """Do harm again and again, and look at what is held between two faults."""
    histories: list[list[Held]] = [[] for _ in group.sidecars]
    until_s, told_s, faults = time.monotonic() + seconds, time.monotonic(), 0
    with Poller(group.ports) as poller:
        while time.monotonic() < until_s:
            struck = chance.sample(proxies, chance.randint(1, len(proxies)))
            with contextlib.suppress(AssertionError), contextlib.ExitStack() as stack:  # too short to strike anything
                for proxy in struck:
                    stack.enter_context(proxy.doing(chance.choice(list(DEADLY.values()))))
                time.sleep(chance.uniform(*FAULT_S))
            time.sleep(chance.uniform(*CALM_S))
            faults += 1
            for history, sidecar in zip(histories, group.sidecars, strict=True):
                history.append(held(sidecar))
            if time.monotonic() - told_s > 60:
                told_s = time.monotonic()
                print(f"{faults:4} faults", *(_shown(history[-1]) for history in histories), sep="   ", flush=True)
        group.leader(30.0)
    poller.verdict()
    more = [growth(history) for history in histories]
    print("growth     ", *(_shown(one) for one in more), sep="   ")
    grew = [m for m in more if m.memory_mib > MOST_MORE_MIB or m.descriptors > MOST_MORE_DESCRIPTORS]
    return 1 if grew else 0


def _shown(one: Held) -> str:
    return f"{one.memory_mib:.1f} MiB, {one.descriptors} descriptors"


if __name__ == "__main__":
    sys.exit(main())
