"""`run`: settings are judged before anything is started."""

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from leader_sidecar.runtime.settings import Settings


def test_all_faults_are_told_and_nothing_is_started(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "leader_sidecar.runtime.main", None)  # importing it would fail
    ended = call("run", "--election", "Payouts", "--listen", ":8080", "--lease-duration", "12s", "extra")
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("leader-sidecar run: ") for line in lines)


def test_sound_settings_are_handed_over_and_the_exit_code_handed_back(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Settings] = []
    process = types.ModuleType("leader_sidecar.runtime.main")
    process.run = lambda settings: seen.append(settings) or 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "leader_sidecar.runtime.main", process)
    monkeypatch.setenv("LEADER_SIDECAR_LEASE_DURATION", "1m")
    assert call("run", "--election", "a/x").code == 7
    assert [(str(one.elections[0]), one.timing.lease_duration_s) for one in seen] == [("a/x", 60)]
