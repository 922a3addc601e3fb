"""What is read of a log, however it was collected, and what is counted and left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import read_logs

BEGIN = {
    "time": "2026-11-28T10:53:40.000000Z",
    "level": "info",
    "event": "became_leader",
    "election": "default/payouts",
    "identity": "payouts-0_uid_a",
    "token": 6,
    "valid_until_s": 125.0,
    "uid": "lease-1",
    "resourceVersion": 7,
    "boottime_s": 115,
    "boot_id": "boot-1",
}
PREFIXES = (
    "",
    "  ",
    "[pod/payouts-0/leader-sidecar] ",
    "2026-11-28T10:53:40.123456789Z ",
    "[pod/payouts-0/leader-sidecar] 2026-11-28T10:53:40.123456789Z ",
    "payouts-0 leader-sidecar ",
    "payouts-0-1  | ",
)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_line_is_read_behind_whatever_kubectl_and_its_like_write_before_it(prefix: str) -> None:
    log = read_logs([("a.log", ["Picked up JAVA_TOOL_OPTIONS\n", prefix + json.dumps(BEGIN) + "\r\n"])])
    (line,) = log.lines
    assert (line.place, line.event, line.token, line.version, line.at_s) == ("a.log:2", "became_leader", 6, 7, 115.0)
    assert line.valid_until_s == 125.0
    assert log.not_json == 1


def test_the_logs_of_several_pods_in_one_file_are_told_apart_and_their_timestamps_are_not() -> None:
    texts = [
        f"[pod/ledger-{number % 2}/app] 2026-11-28T10:53:4{number}Z "
        + json.dumps({"event": "accepted", "token": number + 1, "resource": "payouts", "number": number})
        for number in range(4)
    ]
    assert len({line.stream for line in read_logs([("-", texts)]).lines}) == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"token": "6"}, "token is 6"),
        ({"token": True}, "token is True"),
        ({"token": 2**53}, "token is 9007199254740992"),
        ({"token": -1}, "token is -1"),
        ({"token": None}, "token not told"),
        ({"resourceVersion": 7.5}, "resourceVersion is 7.5"),
        ({"boottime_s": "soon"}, "boottime_s is soon"),
        ({"boottime_s": float("nan")}, "boottime_s is nan"),
        ({"boottime_s": None, "boot_id": None}, "boottime_s and boot_id not told"),
        ({"identity": ["payouts-0"]}, "identity is ['payouts-0']"),
        ({"election": None}, "election not told"),
    ],
)
def test_a_line_that_should_tell_something_and_cannot_be_read_is_named(change: dict[str, Any], fault: str) -> None:
    log = read_logs([("a.log", [json.dumps(BEGIN | change)])])
    assert (log.lines, log.faults) == ([], [f"a.log:1: became_leader: {fault}"])


def test_a_line_that_comes_twice_counts_once() -> None:
    text = json.dumps(BEGIN)
    log = read_logs([("a.log", [text]), ("b.log", ["[pod/payouts-0/leader-sidecar] " + text])])
    assert (len(log.lines), log.repeated) == (1, 1)


def test_what_others_log_as_json_is_left_out() -> None:
    texts = ['{"event": "batch_paid", "token": "x"}', '{"message": "hello"}', '{"event": 7}', "{}"]
    log = read_logs([("app.log", texts)])
    assert (log.lines, log.others, log.faults) == ([], 4, [])


@settings(deadline=None)
@given(st.lists(st.text() | st.binary().map(lambda some: some.decode(errors="replace"))))
def test_no_text_is_too_strange(texts: list[str]) -> None:
    log = read_logs([("a.log", texts)])
    assert log.lines == []
    judge(log)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=3
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*BEGIN, "verb", "resource", "high_water"]), _ANYTHING)))
def test_no_document_is_too_strange(documents: list[dict[str, Any]]) -> None:
    judge(read_logs([("a.log", [json.dumps(BEGIN | document) for document in documents])]))


@pytest.mark.parametrize("text", ["{" * 100_000, '{"event":' + "[" * 100_000, '{"token": ' + "9" * 5000 + "}"])
def test_no_line_is_too_deep_or_too_long(text: str) -> None:
    assert read_logs([("a.log", [text])]).not_json == 1
