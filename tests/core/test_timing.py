"""The lemma and the other limits of timings."""

from dataclasses import replace

import pytest

from leader_sidecar.core.timing import Timing


def test_the_defaults_are_sound() -> None:
    assert Timing().faults() == []


def test_a_renew_deadline_just_beyond_the_lemma_is_refused() -> None:
    at_the_limit = 15 / 1.05 - 2
    assert Timing(renew_deadline_s=at_the_limit - 1e-6).faults() == []
    (fault,) = Timing(renew_deadline_s=at_the_limit + 1e-6).faults()
    assert "raise lease-duration to 16s" in fault


def test_no_slack_at_all_is_refused() -> None:
    assert Timing(lease_duration_s=12, renew_deadline_s=10.0, stop_margin_s=2.0, max_drift=0.0).faults()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"lease_duration_s": 0}, "lease-duration"),
        ({"lease_duration_s": 15.5}, "whole seconds"),
        ({"lease_duration_s": 4000}, "over an hour"),
        ({"renew_deadline_s": 0.0}, "renew-deadline"),
        ({"stop_margin_s": -1.0}, "stop-margin"),
        ({"max_drift": -0.1}, "max-drift"),
        ({"max_drift": 1.1}, "max-drift"),
        ({"retry_period_s": 0.01}, "retry-period"),
        ({"renew_interval_s": 0.01}, "renew-interval"),
        ({"renew_interval_s": 9.0}, "no room for two retries"),
    ],
)
def test_each_fault_is_named(change: dict[str, float], word: str) -> None:
    assert any(word in fault for fault in replace(Timing(), **change).faults())  # type: ignore[arg-type]
