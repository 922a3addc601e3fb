"""Owns making a failing schedule small: fewer faults, shorter ones, fewer pods, as long as the same promise breaks."""

from collections.abc import Iterator
from dataclasses import replace

from leader_sidecar.lab.run import Outcome, run_schedule
from leader_sidecar.lab.schedule import Schedule, without

_MOST_RUNS = 400


def shrink(outcome: Outcome) -> Outcome:
    """Find a smaller schedule that breaks the same promise.

    Args:
        outcome: of a run that broke one.

    Returns:
        The smallest that was found, with its timeline.
    """
    best, runs = replace(outcome.schedule, horizon_s=min(outcome.at_s + 1.0, outcome.schedule.horizon_s)), 0
    if run_schedule(best).check != outcome.check:
        best = outcome.schedule
    smaller = True
    while smaller and runs < _MOST_RUNS:
        smaller = False
        for candidate in _smaller(best):
            runs += 1
            if runs > _MOST_RUNS:
                break
            if run_schedule(candidate).check == outcome.check:
                best, smaller = candidate, True
                break
    return run_schedule(best, traced=True)


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    count = len(schedule.faults)
    size = count // 2
    while size >= 1:
        for start in range(0, count, size):
            yield without(schedule, set(range(start, min(start + size, count))))
        size //= 2
    if schedule.pods > 2:
        yield replace(schedule, pods=schedule.pods - 1)
    for index, fault in enumerate(schedule.faults):
        if fault.for_s > 1.0:
            shorter = replace(fault, for_s=round(fault.for_s / 2, 3))
            yield replace(schedule, faults=(*schedule.faults[:index], shorter, *schedule.faults[index + 1 :]))
