"""A run of the simulator as a story: it is that very run, and nothing of it is lost that people look for."""

import pytest

from leader_sidecar.core import elector
from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import make_schedule
from leader_sidecar.lab.stories.timeline import tell_run
from leader_sidecar.lab.story import LaneState, Mark, Scene
from leader_sidecar.lab.tale import GUARD, LEASE, Tale
from leader_sidecar.lab.virtual_time import VirtualTime

SEEDS = range(20)
REFUSED_SEED = 342


@pytest.mark.parametrize("seed", SEEDS)
def test_a_told_run_is_the_same_run_with_all_its_terms(seed: int) -> None:
    plain = run_schedule(make_schedule(seed))
    schedule = make_schedule(seed)
    pods = tuple(f"payouts-{index}" for index in range(schedule.pods))
    scene = Scene("", "", (*pods, LEASE, GUARD), VirtualTime())
    told = run_schedule(schedule, trace=Tale(scene))
    assert (told.events, told.terms, told.struck, told.check) == (plain.events, plain.terms, plain.struck, "")
    terms = [step for step in scene.steps if step.state is LaneState.LEADS]
    # A process that lost its term within the very step that began it never answered true.
    assert len(terms) >= told.terms
    assert all(step.lane in pods and int(step.token) > 0 for step in terms)
    assert {step.lane for step in scene.steps} <= {"", *scene.lanes}
    assert [step.at_s for step in scene.steps] == sorted(step.at_s for step in scene.steps)


def test_faults_losses_and_refusals_are_told() -> None:
    steps = [step for seed in (*SEEDS, REFUSED_SEED) for step in tell_run(seed)[0].scenes[0].steps]
    assert {step.mark for step in steps} == set(Mark)
    refused = [step for step in steps if step.mark is Mark.REFUSED]
    assert all(step.to == GUARD and step.lane.startswith("payouts-") for step in refused)


def test_what_comes_again_is_counted_not_repeated() -> None:
    (scene,) = tell_run(3)[0].scenes
    renewals = [step.label for step in scene.steps if step.label.startswith("renews")]
    counted = sum(int(label.partition("×")[2] or 1) for label in renewals)
    assert counted == int(dict(scene.figures)["renewals"]) > 3 * len(renewals)


def test_a_broken_promise_is_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elector, "_end_of_work_s", lambda s, app_at_work: s.now_s)
    stories = (tell_run(seed) for seed in range(200))
    story = next(story for story, broken in stories if broken)
    assert story.scenes[0].steps[-1].label.startswith("VIOLATION")
    assert story.scenes[0].conclusion.startswith("Broken: I1")
