"""Owns one run: a schedule in, an outcome out; the same schedule gives the same outcome, to the byte."""

import traceback
from dataclasses import dataclass, field

from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.schedule import Schedule
from leader_sidecar.lab.timeline import Timeline
from leader_sidecar.lab.violation import Violation
from leader_sidecar.lab.world import Cut, World


@dataclass(slots=True)
class Outcome:
    """What a run came to.

    Args:
        schedule: what was run.
        check, text: the promise that was broken and how; "" for none.
        at_s: when, or how long the run lasted.
        events: how many calls virtual time made.
        terms, handovers: how often somebody began to lead, and after a release with nothing in the way.
        struck: how often each fault changed a message or the state.
        excluded: what was not checked to the end, and why.
        timeline: line by line, where one was asked for.
    """

    schedule: Schedule
    check: str = ""
    text: str = ""
    at_s: float = 0.0
    events: int = 0
    terms: int = 0
    handovers: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    timeline: list[str] = field(default_factory=list)


def run_schedule(
    schedule: Schedule, *, traced: bool = False, trace: Timeline | None = None, cut: Cut | None = None
) -> Outcome:
    """Run a schedule to its end or to the first broken promise.

    Args:
        schedule: as drawn or as shrunk.
        traced: also write the timeline.
        trace: writes it in another way.
        cut: takes effects away, for runs that are interrupted on purpose.
    """
    trace = Timeline() if trace is None and traced else trace
    outcome = Outcome(schedule)
    world = World(schedule, trace, cut)
    if trace is not None:
        trace.watch(world)
    try:
        world.populate()
        plan_faults(world)
        world.time.run(schedule.horizon_s)
        world.liveness.finish()
    except Violation as violation:
        outcome.check, outcome.text = violation.check, violation.text
    except Exception as error:  # whatever the core raises is a broken promise too
        where = traceback.extract_tb(error.__traceback__)[-1]
        outcome.check = "crash"
        outcome.text = f"{type(error).__name__}: {error} (in {where.name}, line {where.lineno})"
    outcome.at_s = world.time.now_s
    outcome.events = world.time.handled
    outcome.terms, outcome.handovers = world.liveness.terms, world.liveness.handovers
    outcome.struck, outcome.excluded = dict(world.struck_times), dict(world.excluded)
    if trace is not None:
        if outcome.check:
            trace.broken(outcome.check, outcome.text)
        outcome.timeline = trace.lines
    return outcome
