"""`config`: what a process would run with and where it came from; and the reference page."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from leader_sidecar.runtime.setting_table import SETTINGS


def test_each_setting_is_shown_with_its_value_and_origin(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADER_SIDECAR_LEASE_DURATION", "20s")
    monkeypatch.setenv("POD_NAME", "web-0")
    ended = call("config", "--show", "--election", "default/payouts", "--create-lease")
    assert (ended.code, ended.err) == (0, "")
    heading, *rows = ended.out.splitlines()
    assert heading.split() == ["SETTING", "VALUE", "FROM"]
    shown = {name: rest for name, *rest in (row.split(None, 2) for row in rows)}
    assert list(shown) == [setting.name for setting in SETTINGS]
    assert shown["election"] == ["default/payouts", "flag"]
    assert shown["lease-duration"] == ["20s", "environment LEADER_SIDECAR_LEASE_DURATION"]
    assert shown["renew-deadline"] == ["10s", "default"]
    assert shown["create-lease"] == ["true", "flag"]
    assert shown["pod-name"] == ["web-0", "downward API POD_NAME"]
    assert shown["pod-uid"] == ["-", "default: POD_UID, else none"]


def test_show_is_what_config_does_anyway(call: Callable[..., Any]) -> None:
    assert call("config", "--election", "a/x").out == call("config", "--show", "--election", "a/x").out


def test_programs_get_the_same_as_json(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADER_SIDECAR_STOP_MARGIN", "1s")
    ended = call("config", "--show", "--json", "--election", "a/x", "--election", "b/y")
    document = json.loads(ended.out)
    assert document["faults"] == []
    assert document["settings"]["election"] == {"value": "a/x,b/y", "source": "flag", "where": None}
    assert document["settings"]["stop-margin"] == {
        "value": "1s",
        "source": "environment",
        "where": "LEADER_SIDECAR_STOP_MARGIN",
    }


def test_faults_are_told_with_exit_2_and_the_values_are_shown_all_the_same(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADER_SIDECAR_RETRY_PERIOD", "soon")
    ended = call("config", "--max-drift", "--lease-duratoin=3s")
    assert ended.code == 2
    assert [line.removeprefix("leader-sidecar config: ") for line in ended.err.splitlines()] == [
        "unknown flag '--lease-duratoin': did you mean --lease-duration?",
        "--election is required: set --election NAME, or LEADER_SIDECAR_ELECTION",
        "--retry-period 'soon' (from LEADER_SIDECAR_RETRY_PERIOD) is not a duration: write it as 15s, 500ms or 2m",
        "--max-drift needs a value: write --max-drift 0.05",
    ]
    assert "retry-period       soon" in ended.out
    assert "\0" not in ended.out
    assert len(json.loads(call("config", "--json", "--max-drift").out)["faults"]) == 3


def test_the_reference_page_has_every_form_of_every_setting(call: Callable[..., Any]) -> None:
    ended = call("config", "--reference")
    assert ended.code == 0
    for setting in SETTINGS:
        assert f"| `{setting.flag} " in ended.out
        assert f"`{setting.environment}`" in ended.out
        assert (f"`{setting.annotation}`" in ended.out) is not setting.per_process
    assert all(line.replace("\\|", "").count("|") in (4, 5) for line in ended.out.splitlines() if line[:1] == "|")
    assert ended.out.endswith("|\n")


def test_the_reference_page_depends_on_nothing_around(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = call("config", "--reference").out
    monkeypatch.setenv("LEADER_SIDECAR_LEASE_DURATION", "99s")
    monkeypatch.setenv("COLUMNS", "40")
    assert call("config", "--reference", "--stop-margin", "1s").out == page
