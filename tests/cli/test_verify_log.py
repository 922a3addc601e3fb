"""`verify-log`: what people and programs are told of logs, wherever they come from.

`pytest tests/core/test_golden.py tests/cli/test_verify_log.py --rewrite` writes the golden pages anew.
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from history.story import Story, handed_over

GOLDEN = Path(__file__).with_name("golden")


def files(folder: Path, story: Story) -> list[str]:
    """Write the logs of a story into a folder, which becomes the current one. Returns: their names."""
    for name, lines in story.logs.items():
        (folder / name).write_text("\n".join([*lines, ""]))
    return sorted(story.logs)


def overlapping() -> Story:
    """Tell of two leaders at once, of a token that falls, of writes that should have been refused, and of a lie."""
    story = handed_over()
    story.lead("payouts-0.c", 9, 128.0, 15)
    story.account("accepted", 9, what="pay 419", boottime_s=128.5, boot_id="boot-1")
    story.write("payouts-0.log", "Traceback (most recent call last):")
    story.write("payouts-0.log", '{"event": "released", "identity": "payouts-0_uid-of-payouts-0_c"}')
    story.write("payouts-1.log", '{"level": "info", "event": "serving", "port": 8080}')
    return story


@pytest.mark.parametrize(("name", "story", "code"), [("kept", handed_over, 0), ("broken", overlapping, 1)])
def test_people_get_a_table_and_the_lines_that_contradict_each_other(
    name: str,
    story: Callable[[], Story],
    code: int,
    call: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call("verify-log", *files(tmp_path, story()))
    golden = GOLDEN / f"verify-log-{name}.txt"
    if request.config.getoption("--rewrite", default=False):
        golden.write_text(ended.out)
    assert (ended.code, ended.err) == (code, "")
    assert ended.out == golden.read_text()
    assert max(map(len, ended.out.splitlines())) <= 120


def test_programs_get_a_document(call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call("verify-log", "--json", *files(tmp_path, overlapping()))
    document = json.loads(ended.out)
    assert (ended.code, document["not_json"], document["other_lines"]) == (1, 1, 1)
    assert document["faults"] == [
        "payouts-0.log:12: released: election and boottime_s and boot_id and token and uid and resourceVersion not told"
    ]
    told = {one["promise"]: one for one in document["promises"]}
    assert list(told) == ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8"]
    assert told["I5"]["violations"] == [
        {"text": "payouts accepted token 9 after 11", "lines": ["ledger.log:5", "ledger.log:6"]}
    ]
    assert (told["I7"]["verdict"], told["I7"]["judged_on"], told["I7"]["what"]) == ("kept", 1, "releases")


def test_what_kubectl_prints_is_read_from_stdin(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"[pod/{name.removesuffix('.log')}/leader-sidecar] 2026-11-28T10:53:40.1Z {line}"
        for name, log in overlapping().logs.items()
        for line in log
    ]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode() + b"\n\xff\n")))
    ended = call("verify-log", "-")
    assert ended.code == 1
    assert "    -:10  128.000 s  became_leader    payouts-0  token 9" in ended.out
    assert "  -:12: released: " in ended.out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no line to judge"),
        ("12:00:00.000 info    became_leader    token=6\n", "no line is JSON: run the sidecar with --log-format json"),
        ('{"message": "hello"}\n', "no line of a sidecar or a guarded service could be read: nothing could be judged"),
        (
            '{"event":"started","election":"a/b","identity":"p_u_n","boottime_s":1.5,"boot_id":"b"}\n',
            "these logs tell of no term and of no guarded write: nothing could be judged",
        ),
    ],
)
def test_where_nothing_can_be_judged_it_says_why_and_is_exit_2(
    text: str, why: str, call: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.log").write_text(text)
    ended = call("verify-log", str(tmp_path / "a.log"))
    assert (ended.code, ended.err) == (2, f"leader-sidecar verify-log: {why}\n")


def test_a_file_that_cannot_be_read_is_named(call: Callable[..., Any], tmp_path: Path) -> None:
    for place in (tmp_path / "absent.log", tmp_path):
        ended = call("verify-log", str(place))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"leader-sidecar verify-log: {place}: ")
        assert ended.err.count("\n") == 1
