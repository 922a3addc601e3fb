"""What is refused before a pod is touched, each with a sentence."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from chart.helm import DEMO, Helm
from leader_sidecar.core.timing import Timing


@pytest.mark.parametrize("path", ["replicas", "sidecar__leaseduration", "sidecar__image__tags", "job__step"])
def test_an_unknown_key_is_refused_and_named(helm: Helm, path: str) -> None:
    assert path.rpartition("__")[2] in helm.refusal(**{path: "1"})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sidecar__renewDeadline": "14s"}, "two leaders could overlap; raise leaseDuration to 17s"),
        ({"sidecar__leaseDuration": "12s"}, "two leaders could overlap"),
        ({"sidecar__maxDrift": 0.25}, "is not below leaseDuration 15s"),
        ({"sidecar__leaseDuration": "15500ms"}, "must be whole seconds"),
        ({"sidecar__renewInterval": "9s"}, "leaves no room for two retries"),
    ],
)
def test_unsafe_timings_are_refused_with_a_sentence(helm: Helm, values: dict[str, Any], sentence: str) -> None:
    assert sentence in helm.refusal(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"sidecar__leaseDuration": "15"},
        {"sidecar__leaseDuration": 15},
        {"sidecar__leaseDuration": "-15s"},
        {"sidecar__listen": "0.0.0.0:8080"},
        {"sidecar__election": "Payouts"},
        {"sidecar__tokenFloor": -1},
        {"sidecar__logLevel": "loud"},
        {"replicaCount": "3"},
    ],
)
def test_a_value_of_another_form_is_refused(helm: Helm, values: dict[str, Any]) -> None:
    assert helm.refusal(**values)


def test_the_account_that_all_pods_share_is_not_granted_rights(helm: Helm) -> None:
    assert "serviceAccountName" in helm.refusal(serviceAccount__create=False)


def test_chart_and_sidecar_agree_on_what_is_safe(helm4: Helm) -> None:
    grid = itertools.product((9, 15), (2.0, 7.5, 10.0, 14.0), (0.0, 2.0), (0.0, 0.05, 0.2), (1.0, 5.0), (0.5, 2.0))
    verdicts = set()
    for d, r, m, rho, interval, retry in list(grid)[::7]:
        sound = not Timing(d, r, interval, retry, m, rho).faults()
        verdicts.add(sound)
        done = helm4.template(
            DEMO,
            "1.37.0",
            {
                "sidecar__leaseDuration": f"{d}s",
                "sidecar__renewDeadline": f"{int(r * 1000)}ms",
                "sidecar__stopMargin": f"{m:g}s",
                "sidecar__maxDrift": rho,
                "sidecar__renewInterval": f"{interval:g}s",
                "sidecar__retryPeriod": f"{int(retry * 1000)}ms",
            },
        )
        assert (done.returncode == 0) == sound, f"{(d, r, m, rho, interval, retry)}: {done.stderr}"
    assert verdicts == {True, False}
