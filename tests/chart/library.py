"""Owns small charts that use the library, made in a test's folder."""

from __future__ import annotations

from pathlib import Path

from chart.helm import CHARTS
from leader_sidecar import __version__

_DEPENDENCY = f"dependencies:\n  - name: leader-sidecar\n    version: {__version__}\n"


def use_library(chart: Path) -> Path:
    """Let an existing chart depend on the library of this repository. Returns: the chart."""
    (chart / "charts").mkdir(exist_ok=True)
    (chart / "charts" / "leader-sidecar").symlink_to(CHARTS / "leader-sidecar")
    described = chart / "Chart.yaml"
    described.write_text(f"{described.read_text()}\n{_DEPENDENCY}")
    return chart


def make_chart(folder: Path, template: str) -> Path:
    """Make a chart of one template that uses the library. Returns: the chart."""
    chart = folder / "user"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: user\nversion: 1.0.0\n")
    (chart / "templates" / "all.yaml").write_text(template)
    return use_library(chart)
