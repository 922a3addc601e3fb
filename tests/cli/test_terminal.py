"""Colours are for terminals only, and for people who want them."""

import io

import pytest

from leader_sidecar.cli.terminal import GREEN, columns, paint


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_shown_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert paint("ok", GREEN, Terminal()) == "\x1b[32mok\x1b[0m"
    assert paint("ok", GREEN, io.StringIO()) == "ok"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert paint("ok", GREEN, Terminal()) == "ok"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns([("A", "B", "C"), ("long", "b", "free text")]) == ["A     B  C", "long  b  free text"]


def test_a_cell_does_not_command_the_terminal() -> None:
    for command in ("\x1b[2J", "\x9b2J", "\r", "\n"):
        lines = columns([("LEADER", "TOKEN"), (f"payouts-0{command}", "418")])
        assert all(line.isprintable() for line in lines)
        assert "payouts-0\\" in lines[1]
