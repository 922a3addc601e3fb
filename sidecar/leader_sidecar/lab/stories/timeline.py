"""Tells any run of the simulator."""

from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import Schedule, make_schedule
from leader_sidecar.lab.story import Mark, Scene, Story
from leader_sidecar.lab.tale import GUARD, LEASE, Tale
from leader_sidecar.lab.virtual_time import VirtualTime


def tell_run(seed: int) -> tuple[Story, bool]:
    """Run one schedule of the simulator, and tell it.

    Args:
        seed: of the schedule, as `lab run` counts them.

    Returns:
        The story, and whether a promise was broken.
    """
    schedule = make_schedule(seed)
    scene = Scene(f"Seed {seed}", _made_of(schedule), _lanes(schedule), VirtualTime())
    tale = Tale(scene)
    outcome = run_schedule(schedule, trace=tale)
    scene.figures = [
        ("terms", str(outcome.terms)),
        ("renewals", str(tale.renewals)),
        ("faults that struck", str(sum(outcome.struck.values()))),
        ("writes that the guard refused", str(sum(step.mark is Mark.REFUSED for step in scene.steps))),
        ("not judged to the end", ", ".join(outcome.excluded) or "nothing"),
    ]
    broken = f"Broken: {outcome.check}: {outcome.text}."
    scene.conclusion = broken if outcome.check else "Every promise was checked at every step, and none was broken."
    intro = (
        "Pods stand for one election, and faults strike them; all is drawn from the seed. Each pod runs the sidecar's "
        "real core in virtual time. Every term carries a token, and the guard refuses writes of terms that are over."
    )
    return Story(f"timeline --seed {seed}", f"One run of the simulator: seed {seed}", intro, [scene]), bool(
        outcome.check
    )


def _made_of(schedule: Schedule) -> str:
    timing, kinds = schedule.timing, sorted({fault.kind for fault in schedule.faults})
    return (
        f"{schedule.pods} pods, {schedule.horizon_s:g} s, lease {timing.lease_duration_s} s, renew deadline "
        f"{timing.renew_deadline_s:g} s. Faults: {', '.join(kinds) or 'none'}."
    )


def _lanes(schedule: Schedule) -> tuple[str, ...]:
    return (*(f"payouts-{index}" for index in range(schedule.pods)), LEASE, GUARD)
