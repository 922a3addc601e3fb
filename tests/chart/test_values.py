"""What is refused before a pod is touched, each with a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chart.helm import CHARTS, DEMO, Helm


@pytest.mark.parametrize("path", ["replicas", "sidecar__leaseduration", "sidecar__image__tags", "job__step"])
def test_an_unknown_key_is_refused_and_named(helm: Helm, path: str) -> None:
    assert path.rpartition("__")[2] in helm.refusal(**{path: "1"})


def sections(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield the path of every mapping in a schema that is a section of values."""
    yield path
    for name, below in schema["properties"].items():
        if "properties" in below:
            yield from sections(below, f"{path}{name}__")


SECTIONS = [
    *sections(json.loads((DEMO / "values.schema.json").read_text())),
    *sections(json.loads((CHARTS / "leader-sidecar" / "values.schema.json").read_text()), "sidecar__"),
]


@pytest.mark.parametrize("section", SECTIONS)
def test_no_section_takes_an_unknown_key(helm4: Helm, section: str) -> None:
    assert "nonsense" in helm4.refusal(**{f"{section}nonsense": True})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sidecar__renewDeadline": "14s"}, "two leaders could overlap; raise leaseDuration to 17s"),
        ({"sidecar__leaseDuration": "12s"}, "two leaders could overlap"),
        ({"sidecar__maxDrift": 0.25}, "is not below leaseDuration 15s"),
        ({"sidecar__leaseDuration": "15500ms"}, "must be whole seconds"),
        ({"sidecar__renewInterval": "9s"}, "leaves no room for two retries"),
        ({"sidecar__election": "pay..outs"}, "is not [NAMESPACE/]NAME: write it as payouts or default/payouts"),
        ({"sidecar__election": "a, pay/a"}, "election pay/a is given twice: leave one out"),
        ({"sidecar__election": "a" * 239}, "over 238 characters"),
        ({"sidecar__listen": "localhost:8081"}, "want the same port: change one of them"),
        ({"sidecar__probeListen": ":70000"}, "has no port from 1 to 65535"),
    ],
)
def test_what_the_sidecar_would_refuse_is_refused_with_a_sentence(
    helm: Helm, values: dict[str, Any], sentence: str
) -> None:
    assert sentence in helm.refusal(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"sidecar__leaseDuration": "15"},
        {"sidecar__leaseDuration": 15},
        {"sidecar__leaseDuration": "-15s"},
        {"sidecar__listen": "0.0.0.0:8080"},
        {"sidecar__election": "Payouts"},
        {"sidecar__listen": "127.0.0.256:8080"},
        {"sidecar__probeListen": "8081"},
        {"sidecar__tokenFloor": -1},
        {"sidecar__logLevel": "loud"},
        {"replicaCount": "3"},
    ],
)
def test_a_value_of_another_form_is_refused(helm: Helm, values: dict[str, Any]) -> None:
    assert helm.refusal(**values)


def test_the_account_that_all_pods_share_is_not_granted_rights(helm: Helm) -> None:
    assert "serviceAccountName" in helm.refusal(serviceAccount__create=False)
