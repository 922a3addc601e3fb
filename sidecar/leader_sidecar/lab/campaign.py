"""Owns many runs: seeds in, a summary out, on one or more processors, with progress told as it goes."""

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from leader_sidecar.lab.run import Outcome, run_schedule
from leader_sidecar.lab.schedule import make_schedule

_CHUNK = 50


@dataclass(slots=True)
class Summary:
    """What many runs came to.

    Args:
        schedules, events, terms, handovers: sums over all runs.
        virtual_s: how long they would have taken in life.
        struck: how often each fault changed a message or the state.
        excluded: what was not checked to the end, and why, by the number of schedules.
        failures: seed, broken promise and text of each failed run.
    """

    schedules: int = 0
    events: int = 0
    terms: int = 0
    handovers: int = 0
    virtual_s: float = 0.0
    struck: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def add_run(self, outcome: Outcome) -> None:
        """Count one run."""
        self.schedules += 1
        self.events += outcome.events
        self.terms += outcome.terms
        self.handovers += outcome.handovers
        self.virtual_s += outcome.at_s
        self.struck.update(outcome.struck)
        self.excluded.update(outcome.excluded)
        if outcome.check:
            self.failures.append((outcome.schedule.seed, outcome.check, outcome.text))

    def add(self, other: "Summary") -> None:
        """Count what another summary counted."""
        self.schedules += other.schedules
        self.events += other.events
        self.terms += other.terms
        self.handovers += other.handovers
        self.virtual_s += other.virtual_s
        self.struck.update(other.struck)
        self.excluded.update(other.excluded)
        self.failures += other.failures


def run_seeds(seeds: range) -> Summary:
    """Run the schedules of these seeds."""
    summary = Summary()
    for seed in seeds:
        summary.add_run(run_schedule(make_schedule(seed)))
    return summary


def run_campaign(first_seed: int, schedules: int, jobs: int, tell: Callable[[Summary], None]) -> Summary:
    """Run many schedules.

    Args:
        first_seed: seeds are counted on from here.
        schedules: how many.
        jobs: processes to share them; the sums do not depend on it.
        tell: called with what was run so far, after every chunk.

    Returns:
        The sums; of what was run until then where somebody pressed ctrl-C (`schedules` says how many).
    """
    end = first_seed + schedules
    chunks = [range(at, min(at + _CHUNK, end)) for at in range(first_seed, end, _CHUNK)]
    total = Summary()
    try:
        for part in _parts(chunks, jobs):
            total.add(part)
            tell(total)
    except KeyboardInterrupt:
        pass
    total.failures.sort()
    return total


def _parts(chunks: list[range], jobs: int) -> Iterator[Summary]:
    if jobs == 1:
        yield from map(run_seeds, chunks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _ignore_interrupt) as pool:
        yield from pool.imap(run_seeds, chunks)


def _ignore_interrupt() -> None:
    """Ctrl-C reaches every process of the terminal; the one that gathers the sums answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
