"""`plan`: what a choice of timings costs and tolerates."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest


def test_the_defaults_hold_and_every_figure_has_its_formula(call: Callable[..., Any]) -> None:
    ended = call("plan")
    assert (ended.code, ended.err) == (0, "")
    assert "(R 10s + M 2s) x (1 + 0.05) = 12.6s < D 15s, 2.4s to spare" in ended.out
    figures = dict(re.findall(r"^  (\S[^\d]*?)  +([\d.]+)[s%]?   ", ended.out, re.MULTILINE))
    assert figures == {
        "crash, at worst": "15.79",
        "crash, typically": "12.54",
        "gentle end": "0.04",
        "pause of the leader": "4.89",
        "API outage": "3.88",
        "drift of two clocks": "25.0",
        "pause of the app": "4.29",
        "leader": "12.1",
        "idle follower": "0.1",
        "while the API fails": "60.1",
    }
    assert max(map(len, ended.out.splitlines())) <= 130


def test_an_unsound_choice_is_exit_1_with_sound_ones_to_copy(call: Callable[..., Any]) -> None:
    ended = call("plan", "--lease-duration", "12s", "--renew-interval", "9s")
    assert ended.code == 1
    assert "two leaders could overlap" in ended.out
    assert "never make two leaders" not in ended.out
    commands = re.findall(r"^  leader-sidecar (plan .*)$", ended.out, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert call(*command.split()).code == 0


def test_a_suggestion_stands_against_the_environment(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADER_SIDECAR_LEASE_DURATION", "10s")
    ended = call("plan")
    assert ended.code == 1
    for command in re.findall(r"^  leader-sidecar (plan .*)$", ended.out, re.MULTILINE):
        assert call(*command.split()).code == 0


def test_programs_get_seconds(call: Callable[..., Any]) -> None:
    document = json.loads(call("plan", "--json", "--lease-duration", "30s", "--round-trip", "50ms").out)
    assert document["timing"]["lease_duration_s"] == 30
    assert document["plan"]["failover_worst_s"] == pytest.approx(30 * 1.05 + 0.2)
    assert (document["faults"], document["suggestions"]) == ([], [])


def test_numbers_of_which_no_plan_can_be_made_are_told_as_faults(call: Callable[..., Any]) -> None:
    ended = call("plan", "--json", "--renew-deadline", "0s")
    assert ended.code == 1
    document = json.loads(ended.out)
    assert document["plan"] is None
    assert "renew-deadline must be above 0s" in document["faults"]
    assert call("plan", "--renew-deadline", "0s").code == 1


def test_what_cannot_be_read_is_exit_2(call: Callable[..., Any]) -> None:
    ended = call("plan", "--lease-duration", "15", "--listen-on", "payouts")
    assert (ended.code, ended.out) == (2, "")
    assert [line.removeprefix("leader-sidecar plan: ") for line in ended.err.splitlines()] == [
        "unknown flag '--listen-on': see leader-sidecar plan --help",
        "--lease-duration '15' is not a duration: write 15s",
    ]
