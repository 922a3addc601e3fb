"""What the chart tells of injection is read whole, and what it cannot have written is refused at the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from injection.pods import RENDERED, TEMPLATE
from leader_sidecar.operator.injection.configuration import ConfigurationError, Injection, Webhook, load_injection

WEBHOOK = {"configuration": "operator-pay", "port": 9443, "dnsNames": ["webhook.pay.svc"]}
KEPT = {"secret": "webhook", "certificateLifetime": "2160h"}
BASE: dict[str, Any] = {"by": "webhook", "failurePolicy": "Fail", **RENDERED}


def load(folder: Path, **changes: Any) -> Injection:
    """Write a file and read it."""
    file = folder / "injection.json"
    file.write_text(json.dumps({key: value for key, value in (BASE | changes).items() if value is not None}))
    return load_injection(file)


def test_the_operator_keeps_the_certificate(tmp_path: Path) -> None:
    read = load(tmp_path, webhook=WEBHOOK | KEPT)
    kept = Webhook("operator-pay", 9443, ("webhook.pay.svc",), "webhook", 90 * 24 * 3600, "")
    assert read == Injection(TEMPLATE, True, kept)


def test_cert_manager_keeps_it(tmp_path: Path) -> None:
    read = load(tmp_path, failurePolicy="Ignore", webhook=WEBHOOK | {"certificateFolder": "/tls"})
    assert read == Injection(TEMPLATE, False, Webhook("operator-pay", 9443, ("webhook.pay.svc",), "", 0, "/tls"))


def test_a_policy_needs_no_webhook(tmp_path: Path) -> None:
    assert load(tmp_path, by="policy").webhook is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "has no 'webhook'"),
        ({"failurePolicy": None, "by": "policy"}, "has no 'failurePolicy'"),
        ({"container": None, "by": "policy"}, "has no container"),
        ({"webhook": WEBHOOK | KEPT | {"certificateLifetime": "soon"}}, "soon"),
        ({"webhook": WEBHOOK | KEPT | {"certificateLifetime": "90d"}}, "write it as 2160h"),
        ({"webhook": WEBHOOK | KEPT | {"port": "https"}}, "https"),
        ({"webhook": []}, "injection.json"),
    ],
)
def test_what_the_chart_cannot_have_written_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=r"injection\.json") as told:
        load(tmp_path, **changes)
    assert sentence in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="mount the chart's ConfigMap"):
        load_injection(tmp_path / "injection.json")
