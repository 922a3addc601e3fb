"""The four-line clients of the README do what it says: each block is cut out of it and run beside a sidecar."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import leader_sidecar.fencing
from fencing.fake_sidecar import FakeSidecar

README = Path(str(leader_sidecar.fencing.__file__)).with_name("README.md").read_text()
GO = """package main
import ("fmt"; "io"; "net/http"; "os"; "time")
func main() {
%s
}
"""
JAVA = """import java.net.URI; import java.net.http.*; import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
class Main { public static void main(String[] arguments) throws Exception {
%s
} }
"""


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    text = str(found[0])
    assert len(text.splitlines()) == 4
    return text


def write(folder: Path, language: str) -> list[str]:
    """Write the program around the block, and return the command that runs it."""
    text = block(language)
    match language:
        case "sh":
            # One round of the loop, so that it ends.
            (folder / "main.sh").write_text(text.replace("sleep 1", "exit") + 'echo "not leading"\n')
            command, needs = ["sh", "main.sh"], "curl"
        case "go":
            (folder / "main.go").write_text(GO % text)
            command, needs = ["./main"], "go"
        case "js":
            (folder / "main.mjs").write_text(text)
            command, needs = ["node", "main.mjs"], "node"
        case _:
            (folder / "Main.java").write_text(JAVA % text)
            command, needs = ["java", "Main.java"], "java"
    if shutil.which(needs) is None:
        pytest.skip(f"{needs} is missing: apt-get install curl golang-go nodejs default-jdk-headless")
    if language == "go":
        environment = {**os.environ, "GO111MODULE": "off"}
        subprocess.run(["go", "build", "-o", "main", "main.go"], cwd=folder, env=environment, check=True, timeout=110)
    return command


@pytest.mark.parametrize("language", ["sh", "go", "js", "java"])
def test_four_lines_do_the_work_only_as_leader(sidecar: FakeSidecar, tmp_path: Path, language: str) -> None:
    command = write(tmp_path, language)

    def run() -> str:
        environment = {
            **os.environ,
            "LEADER_URL": sidecar.url,
            "GOCACHE": str(tmp_path / "cache"),
            "GO111MODULE": "off",
        }
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110)
        return done.stdout.strip() or done.stderr

    assert run() == "not leading"
    sidecar.lead(418, valid_s=60.0)
    assert run() == "working with 418"
    sidecar.lead(418, valid_s=2.0)
    assert run() == "not leading", "less is left than minValid"
