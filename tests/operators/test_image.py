"""What the operator's image holds: nothing that kopf would import if it were there."""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement


def needed(name: str, extra: str = "") -> set[str]:
    """Return the names of all packages that installing one brings along."""
    found: set[str] = set()
    waiting = [(name, extra)]
    while waiting:
        package, wanted = waiting.pop()
        for line in requires(package) or []:
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": wanted}):
                continue
            if requirement.name not in found:
                found.add(requirement.name)
                waiting += [(requirement.name, one) for one in (requirement.extras or {""})]
    return found


def test_the_operator_comes_without_the_kubernetes_package_which_would_double_its_memory() -> None:
    names = needed("leader-sidecar", "operator")
    assert {"kopf", "aiohttp", "prometheus-client"} <= names
    assert not {"kubernetes", "kubernetes-asyncio", "pykube-ng"} & names


def test_the_sidecar_comes_without_kopf() -> None:
    assert "kopf" not in needed("leader-sidecar", "metrics")
