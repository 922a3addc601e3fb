"""The arithmetic of a plan agrees with the elector's rules and with the lemma."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leader_sidecar.core.plan import is_countable, make_plan, sound_neighbours
from leader_sidecar.core.timing import Timing

timings = st.builds(
    Timing,
    lease_duration_s=st.integers(1, 120),
    renew_deadline_s=st.integers(1, 1000).map(lambda n: n / 10),
    renew_interval_s=st.integers(1, 600).map(lambda n: n / 10),
    retry_period_s=st.integers(1, 100).map(lambda n: n / 10),
    stop_margin_s=st.integers(0, 100).map(lambda n: n / 10),
    max_drift=st.sampled_from([0.0, 0.05, 0.105, 0.5]),
)


def test_the_defaults_come_to_these_figures() -> None:
    plan = make_plan(Timing(), round_trip_s=0.01)
    assert plan.failover_worst_s == pytest.approx(15 * 1.05 + 0.04)
    assert plan.failover_typical_s == pytest.approx(12.54)
    assert plan.failover_blind_s == pytest.approx(31.54)
    assert plan.handover_s == pytest.approx(0.04)
    assert plan.pause_s == pytest.approx(5 - 0.05 / 0.45)
    assert plan.outage_s == pytest.approx(4 - 0.01 - 0.05 / 0.45)
    assert plan.app_pause_s == pytest.approx(15 / 1.05 - 10)
    assert plan.drift == pytest.approx(0.25)
    assert plan.leader_requests_per_min == pytest.approx(12 + 60 / 450)
    assert plan.follower_requests_per_min == pytest.approx(60 / 450)


@given(timings)
def test_the_tolerated_drift_is_where_the_lemma_ends(timing: Timing) -> None:
    drift = make_plan(timing).drift
    assume(drift > 0.001)
    assert replace(timing, max_drift=drift * 0.999).slack_s > 0
    assert replace(timing, max_drift=drift * 1.001).slack_s < 0


@given(timings)
def test_a_sound_timing_gives_the_app_its_stop_margin(timing: Timing) -> None:
    assume(not timing.faults())
    assert make_plan(timing).app_pause_s > timing.stop_margin_s


@given(timings)
def test_no_figure_is_negative_but_the_slack(timing: Timing) -> None:
    plan = make_plan(timing)
    assert all(getattr(plan, name) >= 0 for name in plan.__slots__ if name != "slack_s")


@given(timings)
def test_what_is_suggested_is_sound_and_keeps_what_it_need_not_change(timing: Timing) -> None:
    suggestions = sound_neighbours(timing)
    assert all(one.faults() == [] for one in suggestions)
    assert all((one.stop_margin_s, one.max_drift) == (timing.stop_margin_s, timing.max_drift) for one in suggestions)
    if suggestions and timing.slack_s > 0:
        assert (suggestions[0].lease_duration_s, suggestions[0].renew_deadline_s) == (
            timing.lease_duration_s,
            timing.renew_deadline_s,
        )


@given(timings)
def test_an_unsafe_timing_always_has_a_safe_one_with_a_longer_lease(timing: Timing) -> None:
    assume(timing.slack_s <= 0 and timing.renew_deadline_s >= 1)
    longer = sound_neighbours(timing)[0]
    assert longer.renew_deadline_s == timing.renew_deadline_s
    assert replace(longer, lease_duration_s=longer.lease_duration_s - 1).slack_s <= 0, "no longer than needed"


def test_a_sound_timing_needs_no_neighbours() -> None:
    assert sound_neighbours(Timing()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"lease_duration_s": 0},
        {"renew_deadline_s": 0.0},
        {"stop_margin_s": -1.0},
        {"max_drift": -0.1},
        {"renew_interval_s": 0.0},
        {"retry_period_s": 0.0},
    ],
)
def test_nonsense_is_not_planned(change: dict[str, float]) -> None:
    nonsense = replace(Timing(), **change)  # type: ignore[arg-type]
    assert not is_countable(nonsense)
    assert sound_neighbours(nonsense) == []
