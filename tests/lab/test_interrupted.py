"""Interrupted transitions: whatever is cut off after whichever effect, the promises hold from there."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from leader_sidecar.core.messages import Effect, Read, Write
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.candidate import HEARTBEAT_S, Candidate
from leader_sidecar.lab.run import Outcome, run_schedule
from leader_sidecar.lab.schedule import LEADER, Fault, Schedule

Act = Callable[[Candidate, list[Effect], int], list[Effect]]


def fault(kind: str, at_s: float, *, target: int = LEADER, size: float = 0.0, only: str = "") -> Fault:
    return Fault(kind, at_s, 6.0, target, 1.0, size, only, seed=7)


STORY = Schedule(
    seed=11,
    pods=3,
    timing=Timing(),
    create_lease=True,
    faults=(
        fault("resign", 30.0),
        fault("http_500_applied", 41.0, only="renew"),
        fault("kill", 52.0, size=0.3),
        fault("response_dropped", 54.0, only="claim"),
        fault("gentle_stop", 66.0, size=0.9),
        fault("lease_wiped", 80.0, size=0.5),
        fault("gentle_stop", 104.0, size=0.1),
        fault("lease_deleted", 130.0),
    ),
    horizon_s=220.0,
)
"""An election from an absent Lease on through every kind of change, each of whose steps is interrupted."""


@dataclass
class Interruption:
    """Act on one step, and let all others be; note how many effects each step had."""

    number: int
    kept: int
    act: Act
    lengths: list[int] = field(default_factory=list)

    def __call__(self, process: Candidate, effects: list[Effect]) -> list[Effect]:
        self.lengths.append(len(effects))
        return self.act(process, effects, self.kept) if len(self.lengths) - 1 == self.number else effects


def killed(process: Candidate, effects: list[Effect], kept: int) -> list[Effect]:
    """The process dies after some effects were carried out; its container starts again."""
    world = process.world
    world.disturb(world.time.now_s + 1.0)

    def die() -> None:
        if process.alive:
            process.kill()
            world.bury(process)

    world.time.after(0.0, die)
    world.time.after(1.0, process.pod.restart)
    return effects[:kept]


def rest_lost(process: Candidate, effects: list[Effect], kept: int) -> list[Effect]:
    """The rest of the effects is lost and the process lives on; the driver's heartbeat comes as always."""
    world = process.world
    world.disturb(world.time.now_s + 2 * HEARTBEAT_S)
    world.time.after(HEARTBEAT_S, process.fire_early)
    return effects[:kept]


def never_sent(process: Candidate, effects: list[Effect], kept: int) -> list[Effect]:
    """The request's task is cancelled before anything was sent; nobody is told."""
    process.world.disturb(process.world.time.now_s + 2 * HEARTBEAT_S)
    return [effect for effect in effects if not isinstance(effect, Read | Write)]


def never_told(process: Candidate, effects: list[Effect], kept: int) -> list[Effect]:
    """The request's task is cancelled while it waits for the answer; nobody is told."""
    process.world.disturb(process.world.time.now_s + 2 * HEARTBEAT_S)
    process.world.time.after(0.0, process.forget_request)
    return effects


def interrupted(act: Act, kept: int) -> list[Outcome]:
    """Run the story once for each step that has effects to cut off, with that step cut; death may come after all."""
    whole = Interruption(-1, kept, act)
    run_schedule(STORY, cut=whole)
    numbers = [
        number for number, length in enumerate(whole.lengths) if length > kept or (act is killed and length == kept)
    ]
    return [run_schedule(STORY, cut=Interruption(number, kept, act)) for number in numbers]


def test_the_story_itself_keeps_every_promise_and_has_what_it_is_to_have() -> None:
    outcome = run_schedule(STORY)
    assert outcome.check == "", outcome.text
    assert outcome.terms >= 6
    assert set(outcome.struck) >= {"resign", "http_500_applied", "kill", "gentle_stop", "lease_wiped", "lease_deleted"}


@pytest.mark.parametrize("act", [killed, rest_lost])
@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_effects_cut_off_break_no_promise(act: Act, kept: int) -> None:
    outcomes = interrupted(act, kept)
    assert len(outcomes) > (100, 50, 8, 1)[kept]
    assert [(outcome.check, outcome.text) for outcome in outcomes if outcome.check] == []


@pytest.mark.parametrize("act", [never_sent, never_told])
def test_requests_cancelled_break_no_promise(act: Act) -> None:
    outcomes = interrupted(act, 0)
    assert len(outcomes) > 100
    assert [(outcome.check, outcome.text) for outcome in outcomes if outcome.check] == []
