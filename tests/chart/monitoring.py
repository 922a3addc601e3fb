"""Owns the reading of what the library chart ships for Prometheus and Grafana, and the running of promtool on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from chart.helm import CHARTS

ALERTS = CHARTS / "leader-sidecar" / "alerts.yaml"
DASHBOARD = CHARTS / "leader-sidecar" / "dashboard.json"
SERIES = Path(__file__).parent / "alerts_test.yaml"
PLACEHOLDER = "ELECTION"
RUNBOOKS = "https://github.com/leader-sidecar/leader-sidecar/blob/main/docs/alerts.md"


class Promtool:
    """Run promtool, of Debian's package prometheus.

    Args:
        program: its path.
    """

    def __init__(self, program: str) -> None:
        self.program = program

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        """Run it. Returns: exit code, and all that it said."""
        command = [self.program, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def check(self, file: Path, groups: object) -> None:
        """Write groups of rules to a file and have them checked. Raises: AssertionError for what Prometheus refuses."""
        file.write_text(yaml.safe_dump({"groups": groups}))
        code, said = self.run("check", "rules", file)
        assert code == 0, said


def find_promtool() -> Promtool | None:
    """Find promtool on $PATH."""
    program = shutil.which("promtool")
    return Promtool(program) if program else None


def alert_rules() -> dict[str, dict[str, Any]]:
    """Read the rules of the alerts, by name."""
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    """Read the dashboard."""
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def dashboard_expressions() -> list[str]:
    """Return the expression of every target of every panel, its variables replaced as Grafana does."""
    targets = [target for panel in dashboard()["panels"] for target in panel["targets"]]
    values = {"$election": PLACEHOLDER, "$__rate_interval": "2m"}
    expressions = [str(target["expr"]) for target in targets]
    for name, value in values.items():
        expressions = [expression.replace(name, value) for expression in expressions]
    return expressions


def expressions() -> list[str]:
    """Return every expression of the alerts and of the dashboard."""
    return [str(rule["expr"]) for rule in alert_rules().values()] + dashboard_expressions()


def selectors(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Return each metric that an expression asks for, and the values that it asks of its labels.

    Raises: AssertionError for a metric of ours without any label, which would mix the elections.
    """
    found = re.findall(r"(\w+)\{(.*?)\}", expression)
    named = re.findall(r"\bleader_\w+", expression)
    assert [name for name, _ in found] == named, expression
    return [(name, dict(re.findall(r'(\w+)!?="(.*?)"', matchers))) for name, matchers in found]
