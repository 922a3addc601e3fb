"""What is made from a chart's values, and that somebody who forgets to make it anew is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chart.helm import CHARTS, DEMO, Helm

ROOT = CHARTS.parent
LIBRARY = CHARTS / "leader-sidecar"


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of tools/."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sidecar")}
    command = [sys.executable, str(ROOT / "tools" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A copy of the library chart that a test may change."""
    return Path(shutil.copytree(LIBRARY, tmp_path / "leader-sidecar"))


def test_schema_readme_defaults_and_versions_are_as_they_would_be_made_anew() -> None:
    done = tool("chart_docs.py", "--verify", str(LIBRARY), str(DEMO))
    assert done.returncode == 0, done.stderr


def test_the_manifests_are_as_they_would_be_made_anew(helm: Helm) -> None:
    done = tool("manifests.py", "--verify", "--helm", helm.program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["values.schema.json", "README.md", "Chart.yaml", "templates/_defaults.tpl"])
def test_a_made_file_that_was_changed_by_hand_is_named_and_mended(chart: Path, name: str) -> None:
    before = (chart / name).read_text()
    (chart / name).write_text(before.replace("15s", "16s").replace("version: 0", "version: 7"))
    told = tool("chart_docs.py", "--verify", str(chart))
    assert told.returncode == 1
    assert f"{name} is out of date: run make update-charts" in told.stderr
    assert tool("chart_docs.py", str(chart)).returncode == 0
    assert (chart / name).read_text() == before


def test_a_changed_value_reaches_schema_and_readme(chart: Path) -> None:
    values = chart / "values.yaml"
    added = "# -- How many sheep\n# there are | at most\n# @schema {minimum: 1}\nsheep: 3\n"
    values.write_text(values.read_text().replace("leaseDuration: 15s", "leaseDuration: 20s") + added)
    assert tool("chart_docs.py", "--verify", str(chart)).returncode == 1
    assert tool("chart_docs.py", str(chart)).returncode == 0
    properties = json.loads((chart / "values.schema.json").read_text())["properties"]
    sheep = {"description": "How many sheep there are | at most", "default": 3, "type": "integer", "minimum": 1}
    assert properties["sheep"] == sheep
    assert properties["leaseDuration"]["default"] == "20s"
    readme = (chart / "README.md").read_text()
    assert "| `sheep` | `3` | How many sheep there are \\| at most |" in readme
    assert readme.partition("<!-- values")[0] == (LIBRARY / "README.md").read_text().partition("<!-- values")[0]


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ("sheep: 3\n", "sheep is not described: write a comment `# -- …` above it"),
        ("# -- Sheep\n# @schema {minimum\nsheep: 3\n", "is not a mapping: write @schema {minimum: 1}"),
        ("# -- Sheep\nsheep: null\n", "no type follows from its default: write # @schema {type: …}"),
    ],
)
def test_a_value_that_cannot_be_described_is_refused_with_its_place(chart: Path, added: str, sentence: str) -> None:
    values = chart / "values.yaml"
    values.write_text(values.read_text() + added)
    done = tool("chart_docs.py", str(chart))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_readme_without_a_place_for_the_table_is_refused(chart: Path) -> None:
    (chart / "README.md").write_text("# leader-sidecar\n")
    done = tool("chart_docs.py", str(chart))
    assert done.returncode == 2
    assert "<!-- values: begin -->" in done.stderr


def test_without_helm_the_manifests_tool_says_what_to_do(tmp_path: Path) -> None:
    done = tool("manifests.py", "--verify", "--helm", str(tmp_path / "helm"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
