"""`operator`: settings are judged before kopf is imported."""

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from leader_sidecar.operator.settings import OperatorSettings


def test_all_faults_are_told_and_nothing_is_started(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "leader_sidecar.operator.main", None)  # importing it would fail
    ended = call("operator", "--election", "a/x,a/y", "--lease-duration", "12s", "--listen", ":8080")
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("leader-sidecar operator: ") for line in lines)


def test_sound_settings_are_handed_over_and_the_exit_code_handed_back(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[OperatorSettings] = []
    process = types.ModuleType("leader_sidecar.operator.main")
    process.run = lambda settings: seen.append(settings) or 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "leader_sidecar.operator.main", process)
    monkeypatch.setenv("LEADER_SIDECAR_LOG_LEVEL", "debug")
    assert call("operator", "--namespace", "system").code == 7
    assert [(str(one.election), one.log_level) for one in seen] == [("system/leader-sidecar-operator", "debug")]


def test_without_kopf_it_says_what_to_install(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("leader_sidecar.operator.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kopf", None)
    ended = call("operator", "--namespace", "system")
    assert ended.code == 2
    assert ended.err == "leader-sidecar operator: kopf is not installed: pip install 'leader-sidecar[operator]'\n"
