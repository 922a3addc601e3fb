"""Search for schedules that catch each known-bad variant, and print how many it took.

PYTHONPATH=sidecar:tests python -m lab.search              five base seeds each, medians; exit 1 if one survives
PYTHONPATH=sidecar:tests python -m lab.search --record     also write the seeds that the tests replay
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from lab.variants import VARIANTS
from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import make_schedule

RECORDED = Path(__file__).with_name("recorded_seeds.json")
MOST = 20_000
BASES = (1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000)


def search(name: str, base: int, most: int = MOST) -> tuple[str, int, int, str]:
    """Run schedules under a variant until one breaks a promise that the real core keeps.

    Returns:
        The variant's name, the seed, how many schedules it took, and the promise; 0 and "" where it survived.
    """
    with VARIANTS[name].patch():
        for count in range(1, most + 1):
            outcome = run_schedule(make_schedule(base + count))
            if outcome.check:
                break
        else:
            return name, 0, most, ""
    if run_schedule(make_schedule(base + count)).check:
        raise AssertionError(f"seed {base + count} breaks a promise without the variant {name} too")
    return name, base + count, count, outcome.check


def _search(work: tuple[str, int]) -> tuple[str, int, int, str]:
    return search(*work)


def _tell(name: str, runs: Sequence[tuple[int, int, str]]) -> bool:
    """Print what came of one variant; say whether it survived from any base."""
    survived = any(not check for _, _, check in runs)
    checks = " ".join(sorted({check for _, _, check in runs if check})) + (" SURVIVED" if survived else "")
    counts = [count for _, count, _ in runs]
    print(f"{name:34}{median(counts):8.0f}{max(counts):8}  {checks}", flush=True)
    return survived


def main(argv: Sequence[str] | None = None) -> int:
    """Search for all variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the seeds found from the first base")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="variants whose name contains this")
    flags = parser.parse_args(argv)
    names = [name for name in VARIANTS if flags.only in name]
    found: dict[str, list[tuple[int, int, str]]] = {name: [] for name in names}
    survivors = 0
    print(f"{'VARIANT':34}{'MEDIAN':>8}{'WORST':>8}  CAUGHT BY", flush=True)
    with multiprocessing.get_context("spawn").Pool(flags.jobs) as pool:
        for name, seed, count, check in pool.imap(_search, [(name, base) for name in names for base in BASES]):
            runs = found[name]
            runs.append((seed, count, check))
            if len(runs) == len(BASES):
                survivors += _tell(name, runs)
    print(f"{len(names) - survivors} of {len(names)} variants caught from each of {len(BASES)} base seeds")
    if flags.record and not survivors:
        seeds = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
        seeds |= {name: {"seed": runs[0][0], "check": runs[0][2]} for name, runs in found.items()}
        RECORDED.write_text(json.dumps({name: seeds[name] for name in VARIANTS}, indent=2) + "\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
