"""What the chart tests share: helm, in both of its versions, a way to render, and promtool."""

from __future__ import annotations

import pytest

from chart.helm import Helm, find_helm
from chart.monitoring import Promtool, find_promtool


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Give helm 4, then helm 3."""
    found = find_helm(request.param)
    if found is None:
        pytest.skip(f"no {request.param}: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools")
    return Helm(found)


@pytest.fixture
def helm4() -> Helm:
    """Give helm 4 alone, where the version makes no difference."""
    found = find_helm("helm")
    if found is None:
        pytest.skip("no helm: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools")
    return Helm(found)


@pytest.fixture
def promtool() -> Promtool:
    """Give promtool."""
    found = find_promtool()
    if found is None:
        pytest.skip("no promtool: RUNLEVEL=1 apt-get install --no-install-recommends prometheus")
    return found
