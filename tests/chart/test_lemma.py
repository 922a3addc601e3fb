"""Chart and sidecar give the same verdict on timings: what would let two leaders overlap is refused by both."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from chart.helm import DEMO, Helm
from chart.library import make_chart
from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime.settings import SettingsError, parse

SURROUNDINGS = {"POD_NAME": "payouts-0", "POD_NAMESPACE": "pay"}
NEAR = Fraction(1, 10**9)
"""Nearer to a bound than a nanosecond, the sidecar's binary fractions may fall on the other side of it."""

# Every case's faults, in one run of helm.
TEMPLATE = """
{{- range $number, $case := .Values.cases }}
{{- $values := mergeOverwrite (deepCopy (index $.Values "leader-sidecar")) $case }}
{{ $number }}: {{ include "leader-sidecar.faults" $values | toJson }}
{{- end }}
"""


class Case(NamedTuple):
    """The timings of one election, as a person writes them."""

    lease: str
    deadline: str
    interval: str
    retry: str
    margin: str
    drift: str

    @property
    def values(self) -> dict[str, str | float]:
        names = ("leaseDuration", "renewDeadline", "renewInterval", "retryPeriod", "stopMargin")
        return {**dict(zip(names, self[:5], strict=True)), "maxDrift": float(self.drift)}

    @property
    def flags(self) -> list[str]:
        names = ("lease-duration", "renew-deadline", "renew-interval", "retry-period", "stop-margin", "max-drift")
        return [f"--{name}={text}" for name, text in zip(names, self, strict=True)]

    @property
    def slack(self) -> Fraction:
        """D - (R + M)·(1 + ρ), exactly."""
        return exact(self.lease) - (exact(self.deadline) + exact(self.margin)) * (1 + Fraction(self.drift))

    @property
    def room(self) -> Fraction:
        """What two retries leave of the renew deadline, exactly."""
        return exact(self.deadline) - exact(self.interval) - 2 * exact(self.retry)


def exact(duration: str) -> Fraction:
    number = duration.rstrip("ms")
    return Fraction(number) * {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60)}[duration[len(number) :]]


def accepted_by_sidecar(case: Case) -> bool:
    try:
        parse(["--election=payouts", *case.flags], SURROUNDINGS)
    except SettingsError:
        return False
    return True


def faults_by_chart(helm: Helm, folder: Path, cases: list[Case]) -> list[str]:
    """Let the library chart judge each case; the sentences of one are lines."""
    values = folder / "cases.json"
    values.write_text(json.dumps({"cases": [case.values for case in cases]}))
    done = helm.run("template", "user", str(make_chart(folder, TEMPLATE)), "--values", str(values))
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    assert len(found) == len(cases)
    return [found[number] for number in range(len(cases))]


GRID = [
    Case(*one)
    for one in itertools.product(
        ("1s", "9s", "15s", "1m", "1500ms", "0s", "3601s"),
        ("700ms", "7.5s", "0.2m", "14s", "0s"),
        ("200ms", "5s", "10ms"),
        ("100ms", "1.1s", "2.5s"),
        ("0s", "0.1s", "2s"),
        ("0", "0.05", "0.105", "0.25"),
    )
]


@pytest.fixture
def judged(helm: Helm, tmp_path: Path) -> list[tuple[Case, str]]:
    """The grid, and what the chart says of each case."""
    return list(zip(GRID, faults_by_chart(helm, tmp_path, GRID), strict=True))


def test_chart_and_sidecar_give_the_same_verdict_over_a_grid(judged: list[tuple[Case, str]]) -> None:
    verdicts = [(case, said == "", accepted_by_sidecar(case)) for case, said in judged]
    differ = [case for case, by_chart, by_sidecar in verdicts if by_chart != by_sidecar]
    assert [case for case in differ if min(abs(case.slack), abs(case.room)) > NEAR] == []
    assert len(differ) < 0.005 * len(GRID)
    assert {by_chart for _, by_chart, _ in verdicts} == {True, False}


def test_the_chart_refuses_by_the_lemma_exactly_what_breaks_it(judged: list[tuple[Case, str]]) -> None:
    for case, said in judged:
        assert ("two leaders could overlap" in said) == (case.slack <= 0), f"{case}: {said}"


def test_equality_is_not_below(helm: Helm, tmp_path: Path) -> None:
    equal = [
        Case("15s", "10s", "5s", "1s", "2s", "0.25"),
        Case("1s", "700ms", "200ms", "100ms", "100ms", "0.25"),
        Case("12s", "10s", "5s", "1s", "2s", "0"),
    ]
    assert [case.slack for case in equal] == [0, 0, 0]
    assert all("two leaders could overlap" in said for said in faults_by_chart(helm, tmp_path, equal))


def test_the_sentences_are_those_of_the_sidecar_in_the_charts_words(helm4: Helm, tmp_path: Path) -> None:
    case = Case("15s", "14s", "5s", "1s", "2s", "0.05")
    (said,) = faults_by_chart(helm4, tmp_path, [case])
    (told,) = Timing(15, 14.0, 5.0, 1.0, 2.0, 0.05).faults()
    for flag, value in (
        ("lease-duration", "leaseDuration"),
        ("renew-deadline", "renewDeadline"),
        ("stop-margin", "stopMargin"),
        ("max-drift", "maxDrift"),
    ):
        told = told.replace(flag, value)
    assert said == told


@pytest.mark.parametrize("name", ["leaseDuration", "renewDeadline", "renewInterval", "retryPeriod", "stopMargin"])
def test_values_that_bypass_the_schema_are_checked_too(helm: Helm, tmp_path: Path, name: str) -> None:
    template = '{{ include "leader-sidecar.container" (dict "root" $ "values" (dict "%s" "15 s")) }}'
    chart = make_chart(tmp_path, template % name)
    done = helm.run("template", "user", str(chart))
    assert done.returncode != 0
    assert f"{name} 15 s is not a duration: write it as 15s, 500ms or 2m" in done.stderr


def test_the_demo_is_refused_before_anything_is_rendered(helm: Helm) -> None:
    done = helm.template(DEMO, "1.37.0", {"sidecar__renewDeadline": "14s"})
    assert done.stdout == ""
    assert "two leaders could overlap; raise leaseDuration to 17s or lower renewDeadline" in done.stderr
