"""Known-bad variants: each mistake must be caught, or the laboratory proves nothing about the real core."""

import json

import pytest

from lab.search import RECORDED
from lab.variants import VARIANTS
from leader_sidecar.lab.run import run_schedule
from leader_sidecar.lab.schedule import make_schedule

SEEDS = json.loads(RECORDED.read_text())


def test_every_variant_has_a_recorded_seed() -> None:
    assert list(SEEDS) == list(VARIANTS), "run: PYTHONPATH=sidecar:tests python -m lab.search --record"


@pytest.mark.parametrize("name", VARIANTS)
def test_the_recorded_schedule_catches_the_variant_and_spares_the_real_core(name: str) -> None:
    schedule = make_schedule(SEEDS[name]["seed"])
    real = run_schedule(schedule)
    assert real.check == "", real.text
    with VARIANTS[name].patch():
        caught = run_schedule(make_schedule(SEEDS[name]["seed"]))
    assert caught.check == SEEDS[name]["check"], "run: PYTHONPATH=sidecar:tests python -m lab.search --record"
    assert run_schedule(schedule).check == "", "the variant was not taken back"


@pytest.mark.parametrize("name", VARIANTS)
def test_without_faults_the_variant_is_not_noticed(name: str) -> None:
    with VARIANTS[name].patch():
        for seed in range(8):
            outcome = run_schedule(make_schedule(seed, faultless=True))
            assert outcome.check == "", f"seed {seed}: {outcome.check}: {outcome.text}"
            assert outcome.terms > 0
