"""`completion`: scripts for shells, from the same parsers as everything else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leader_sidecar.cli.main import COMMANDS

shtab = pytest.importorskip("shtab", reason="pip install 'leader-sidecar[completion]'")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_completes_every_command_and_setting(shell: str, call: Callable[..., Any]) -> None:
    ended = call("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    for word in (*COMMANDS, "lease-duration", "token-floor", "bully", "html", "simulate"):
        assert word in ended.out


def test_bash_completes_a_flag(call: Callable[..., Any], tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(call("completion", "bash").out)
    ask = (
        f". {script}; COMP_WORDS=(leader-sidecar run --lease-); COMP_CWORD=2; "
        "_shtab_leader_sidecar; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["--lease-duration"]


def test_without_the_extra_one_line_names_it(call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    ended = call("completion", "bash")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "leader-sidecar completion: shtab is not installed: pip install 'leader-sidecar[completion]'\n"
    )


def test_an_shtab_that_does_not_know_the_shell_is_named(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shtab, "SUPPORTED_SHELLS", ["bash", "zsh"])
    ended = call("completion", "fish")
    assert (ended.code, ended.out) == (2, "")
    assert "this shtab knows no fish: pip install --upgrade shtab" in ended.err


def test_another_shell_is_refused_by_name(call: Callable[..., Any]) -> None:
    ended = call("completion", "tcsh")
    assert ended.code == 2
    assert "'tcsh'" in ended.err
