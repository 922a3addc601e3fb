"""The command line as a whole: help, versions, wrong usage, how it ends, what it imports."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import leader_sidecar
from leader_sidecar.cli.main import COMMANDS


def modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter and say which modules it left behind."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.__stdout__)"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_entry_point_imports_nothing_heavy() -> None:
    after = modules_after("import leader_sidecar.cli.main")
    assert not after & {"aiohttp", "asyncio", "argparse", "ssl", "logging"}
    assert {name for name in after if name.startswith("leader_sidecar")} == {
        "leader_sidecar",
        "leader_sidecar.cli",
        "leader_sidecar.cli.main",
    }


def test_help_imports_no_command() -> None:
    after = modules_after("from leader_sidecar.cli.main import main; main(['--help'])")
    assert not {f"leader_sidecar.cli.{name}" for name in COMMANDS} & after


@pytest.mark.parametrize("argv", [["check"], ["plan"], ["config"], ["run"], ["status"]])
def test_small_commands_and_faulty_settings_start_without_asyncio_and_aiohttp(argv: list[str]) -> None:
    environ = "import os; os.environ['LEADER_URL'] = 'http://127.0.0.1:9'"
    after = modules_after(f"{environ}\nfrom leader_sidecar.cli.main import main; main({argv!r})")
    assert not after & {"aiohttp", "asyncio", "logging"}
    assert f"leader_sidecar.cli.{argv[0]}" in after


def test_run_imports_no_other_command() -> None:
    after = modules_after("from leader_sidecar.cli.main import main; main(['run'])")
    assert not {f"leader_sidecar.cli.{name}" for name in COMMANDS if name != "run"} & after
    assert not after & {"http.client", "difflib", "shtab"}


def test_help_has_one_line_for_each_command(call: Callable[..., Any]) -> None:
    for argv in (["--help"], ["-h"], ["help"]):
        ended = call(*argv)
        assert ended.code == 0
        for name, line in COMMANDS.items():
            assert any(shown.split(None, 1) == [name, line] for shown in ended.out.splitlines())


def test_no_command_is_wrong_usage_with_the_help(call: Callable[..., Any]) -> None:
    ended = call()
    assert ended.code == 2
    assert "commands:" in ended.out


@pytest.mark.parametrize("argv", [["--version"], ["-V"], *([name, "--version"] for name in COMMANDS)])
def test_the_version_is_told_everywhere(argv: list[str], call: Callable[..., Any]) -> None:
    ended = call(*argv)
    assert (ended.code, ended.out) == (0, f"leader-sidecar {leader_sidecar.__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_help_fits_a_hundred_columns(
    name: str, columns: str, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ended = call(name, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"usage: leader-sidecar {name}")
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= 100
    assert call("help", name).out == ended.out
    assert max(map(len, call("--help").out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("word", "near"), [("rnu", "run"), ("stauts", "status"), ("docter", "doctor"), ("--versoin", "--version")]
)
def test_an_unknown_command_is_answered_with_the_nearest(word: str, near: str, call: Callable[..., Any]) -> None:
    ended = call(word)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert ended.err.endswith(f"did you mean {near}?\n")


def test_a_word_like_no_command_is_answered_with_the_help(call: Callable[..., Any]) -> None:
    assert call("xyzzy").err == "leader-sidecar: unknown command 'xyzzy': see leader-sidecar --help\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_flag_is_one_line_and_exit_2(name: str, call: Callable[..., Any]) -> None:
    ended = call(name, *{"completion": ["bash"], "lab": ["run"], "verify-log": ["-"]}.get(name, []), "--versoin")
    assert ended.code == 2
    wrong = [line for line in ended.err.splitlines() if "--versoin" in line]
    assert len(wrong) == 1
    assert "did you mean --version?" in wrong[0]


def test_flags_are_not_abbreviated(call: Callable[..., Any]) -> None:
    ended = call("status", "--wat")
    assert ended.code == 2
    assert "did you mean --watch?" in ended.err


def test_a_reader_that_goes_away_ends_the_command_quietly(start: Callable[..., Any]) -> None:
    process = start("config", "--reference")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, "")


def test_ctrl_c_ends_a_command_quietly(start: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    process = start("wait", "--url", sidecar.url, "--timeout", "50s")
    assert sidecar.polls.acquire(timeout=20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")
