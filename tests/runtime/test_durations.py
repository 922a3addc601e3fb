"""Durations are read in one way everywhere, and written so that they are read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leader_sidecar.runtime.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15.0), ("0s", 0.0), ("500ms", 0.5), ("1100ms", 1.1), ("2m", 120.0), ("0.5m", 30.0), ("2.5s", 2.5)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "15",
        "15 s",
        " 15s",
        "15s\n",
        "-1s",
        "+1s",
        "1e3s",
        ".5s",
        "5.s",
        "1h",
        "1S",
        "١s",
        "9" * 40 + "s",
        "1_0s",
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration: write"):
        parse_duration(text)


def test_a_bare_number_is_answered_with_the_number_in_seconds() -> None:
    with pytest.raises(ValueError, match=r"write 15s$"):
        parse_duration("15")


def test_over_a_week_is_refused() -> None:
    assert parse_duration("10080m") == 7 * 24 * 3600
    with pytest.raises(ValueError, match="over a week"):
        parse_duration("10081m")


@given(st.integers(min_value=0, max_value=600_000_000))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(15, "15s"), (0.5, "500ms"), (0, "0s"), (9.4, "9.4s"), (10080, "10080s")]
)
def test_people_read_short_forms(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
