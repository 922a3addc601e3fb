"""The stories of `lab` and `lab timeline` as people call them; `lab run` is tested in `tests/lab`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leader_sidecar.cli.lab import STORIES

CALLS = [*((name,) for name in STORIES), ("timeline", "--seed", "11")]


@pytest.mark.parametrize("argv", CALLS)
@pytest.mark.parametrize("columns", ["72", "80", "132"])
def test_a_story_fits_the_terminal_and_has_no_colours_elsewhere(
    argv: tuple[str, ...], columns: str, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ended = call("lab", *argv)
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= int(columns)
    assert "Time runs downwards." in ended.out


def test_bully_is_understood_from_the_terminal_alone(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = call("lab", "bully").out.splitlines()
    rows = [line for line in lines if re.search(r"[│┃·◆✗] +\d (→|leads$|dies$|notices$)", line)]
    # The lanes and the words of a step stand in one line.
    assert rows[:7] == [
        "  0.00 s   │    │    │    │    ◆    6 leads",
        "  2.40 s   │    │    │    │    ✗    6 dies",
        "  4.02 s   │    │    ●    │    ·    3 notices",
        "           │    │    │───▶│    ·    3 → 5  election",
        "           │    │    │────────✗·    3 → 6  election, lost",
        "  4.04 s   │    │    │◀───│    ·    5 → 3  answer",
        "           │    │    │    │───✗·    5 → 6  election, lost",
    ]
    told = " ".join(" ".join(lines).split())
    for sentence in (
        "the highest number that is alive leads",
        "5 leads, 2.14 s after the death, and 7 messages were sent",
        "cut the network and each part elects its own",
    ):
        assert sentence in told


def test_fencing_is_understood_from_the_terminal_alone(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = call("lab", "fencing").out
    for line in (
        r"payouts-0 leads with token 41",
        r"payouts-0 freezes\n",
        r"payouts-1 leads with token 43",
        r"payouts-0 → ledger  pay, token 41, refused\n",
    ):
        assert re.search(line, told)
    assert re.search(r"batch 417 paid +twice, with tokens 43 and 41\n", told)
    assert re.search(r"batch 417 paid +once, with token 43\n +pointer +417 → 418, moved once\n", told)


def test_where_the_terminal_is_narrow_the_words_stand_below_the_lanes(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = call("lab", "bully").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip() == "3 notices")
    assert lines[at - 1] == "  4.02 s   │    │    ●    │    ·"


def test_another_encoding_is_shown_what_it_can_show(start: Callable[..., Any]) -> None:
    out, err = start("lab", "bully", PYTHONIOENCODING="ascii", COLUMNS="100").communicate(timeout=60)
    assert err == ""
    assert out.isascii()
    assert "           |    |    |--->|    .    3 > 5  election" in out.splitlines()
    assert "?" not in out.replace("live?", "")


@pytest.mark.parametrize("argv", CALLS)
def test_a_page_is_written_that_needs_nothing_from_elsewhere(
    argv: tuple[str, ...], call: Callable[..., Any], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    ended = call("lab", *argv, "--html", str(page))
    assert ended.code == 0
    assert ended.out.endswith(f"The page of it: {page}\n")
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="|<script|@import|url\(|https?:', text)
    assert text.count("<svg") == text.count("<details>") == text.count('role="img"') > 0
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["bully", "--seed", "3"], "--seed does not go with bully: it goes with run or timeline"),
        (["timeline", "--json"], "--json does not go with timeline: it goes with run"),
        (["run", "--html", "x.html"], "--html does not go with run: it goes with timeline or bully or"),
        (["timeline", "--seed", "-1"], "--seed -1 must be 0 or more"),
        (["bullies"], "invalid choice: 'bullies'"),
        (["bully", "--html", "/nowhere/page.html"], "--html '/nowhere/page.html' cannot be written: No such file"),
    ],
)
def test_wrong_usage_is_one_line(argv: list[str], told: str, call: Callable[..., Any]) -> None:
    ended = call("lab", *argv)
    assert ended.code == 2
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_the_readme_shows_what_is_printed(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ leader-sidecar lab bully\n")[2].partition("…\n")[0].splitlines()
    printed = call("lab", "bully").out.splitlines()
    assert len(shown) > 10
    assert [line for line in shown if line not in printed] == []
