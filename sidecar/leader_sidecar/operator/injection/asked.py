"""Owns what a pod asks for: its election by the label, its settings by annotations over those of the LeaderElection.

| label `leader-sidecar.io/inject` | election | settings |
|---|---|---|
| name of a LeaderElection | that one | the chart's, over them the LeaderElection's, over them the annotations |
| `true` | the annotation `leader-sidecar.io/election`, else the workload | the chart's, over them the annotations |
| `false` | none: no sidecar | |

The workload is the Deployment, StatefulSet or DaemonSet that made the pod. Of other owners a pod does not show whether
their names stay the same, and two pods that stand for two Leases would both lead: these must name their election.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leader_sidecar.operator.injection.template import SHARED
from leader_sidecar.runtime.setting_sources import Given, Source
from leader_sidecar.runtime.setting_table import SETTINGS
from leader_sidecar.runtime.settings import Settings, SettingsError, settle
from leader_sidecar.runtime.suggestions import nearest

PREFIX = "leader-sidecar.io/"
INJECT = f"{PREFIX}inject"
INJECTED = f"{PREFIX}injected"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pod asks for, sound once it exists.

    Args:
        texts: the settings that were given, by name, as they were written; `election` is always among them.
        settings: what these come to in the sidecar's own process.
    """

    texts: Mapping[str, str]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Faults:
    """Why a pod cannot have what it asks for: one sentence each, at least one."""

    sentences: tuple[str, ...]


def named_election(pod: Mapping[str, Any]) -> str:
    """Return the name of the LeaderElection that the pod's label names; "" for none."""
    value = _labels(pod).get(INJECT, "")
    return "" if value in ("true", "false") else value


def read_asked(
    pod: Mapping[str, Any], namespace: str, chart: Mapping[str, str], election: Mapping[str, Any] | None
) -> Asked | Faults:
    """Read what a labelled pod asks for.

    Args:
        namespace: the pod's; a pod that is being made may not have it yet.
        chart: texts of the settings that the operator's chart gives every sidecar, by name.
        election: the spec of the LeaderElection that `named_election` names; None where there is no such one.
    """
    annotations = _annotations(pod)
    faults = [_unknown(name) for name in annotations if name not in {setting.name for setting in SHARED}]
    where = dict.fromkeys(chart, "chart of the operator")
    texts = dict(chart)
    name = named_election(pod)
    if name and election is None:
        faults.append(
            f"label {INJECT}: there is no LeaderElection {name!r} in namespace {namespace!r}: create it first"
        )
    for setting in SHARED:
        if setting.timing and setting.chart_value in (election or {}):
            texts[setting.name] = _text((election or {})[setting.chart_value])
            where[setting.name] = f"LeaderElection {name}"
        if setting.name in annotations:
            texts[setting.name] = annotations[setting.name]
            where[setting.name] = f"annotation {setting.annotation}"
    if name:
        if annotations.get("election", name) != name:
            faults.append(f"annotation {PREFIX}election and label {INJECT} name two elections: leave one of them out")
        texts["election"] = name
    elif "election" not in texts:
        texts["election"] = _workload(pod)
        if not texts["election"]:
            faults.append(f"its owner does not say which election is meant: set the annotation {PREFIX}election")
            texts["election"] = "unknown"  # so that all other faults are found too
    try:
        settings = settle(_given(texts, where, namespace), faults)
    except SettingsError as error:
        return Faults(tuple(error.faults))
    return _with_free_ports(pod, Asked(texts, settings))


def _given(texts: Mapping[str, str], where: Mapping[str, str], namespace: str) -> list[Given]:
    given = [Given(one, one.default, Source.DEFAULT) for one in SETTINGS if one.name not in {*texts, "namespace"}]
    given += [Given(one, namespace, Source.DOWNWARD_API) for one in SETTINGS if one.name == "namespace"]
    return given + [
        Given(one, texts[one.name], Source.ENVIRONMENT, where.get(one.name, ""))
        for one in SETTINGS
        if one.name in texts
    ]


def _text(value: Any) -> str:
    """Write a field of a LeaderElection as a flag: a number without an exponent, of nine digits at most."""
    return value if isinstance(value, str) else f"{value:.9f}".rstrip("0").rstrip(".")


def _unknown(name: str) -> str:
    near = nearest(name, [setting.name for setting in SHARED])
    hint = f"did you mean {PREFIX}{near}?" if near else "see docs/reference.md for those there are"
    return f"unknown annotation {PREFIX}{name}: {hint}"


def _with_free_ports(pod: Mapping[str, Any], asked: Asked) -> Asked | Faults:
    """Refuse ports that a container says it listens on: the sidecar would not start, and with it the pod."""
    wanted = {asked.settings.listen.port: "listen", asked.settings.probe_listen.port: "probe-listen"}
    spec = pod.get("spec") or {}
    sentences = [
        f"container {container['name']!r} has port {port['containerPort']}, where the sidecar would listen: "
        f"set the annotation {PREFIX}{wanted[port['containerPort']]} to another"
        for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
        for port in container.get("ports") or []
        if port.get("containerPort") in wanted and port.get("name") != "leader-probes"
    ]
    return Faults(tuple(sentences)) if sentences else asked


def _workload(pod: Mapping[str, Any]) -> str:
    """Return the name of the workload whose pods all say the same; "" where it cannot be told."""
    owners = (pod.get("metadata") or {}).get("ownerReferences") or []
    for owner in owners:
        if not owner.get("controller") or not str(owner.get("apiVersion")).startswith("apps/"):
            continue
        name, kind = str(owner["name"]), owner.get("kind")
        suffix = f"-{_labels(pod).get('pod-template-hash', '')}"
        if kind == "ReplicaSet" and suffix != "-" and name.endswith(suffix):
            return name.removesuffix(suffix)
        if kind in ("StatefulSet", "DaemonSet"):
            return name
    return ""


def _labels(pod: Mapping[str, Any]) -> Mapping[str, str]:
    return (pod.get("metadata") or {}).get("labels") or {}


def _annotations(pod: Mapping[str, Any]) -> dict[str, str]:
    """Return the pod's annotations of ours by what follows the prefix, in order of names."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    return {key.removeprefix(PREFIX): annotations[key] for key in sorted(annotations) if key.startswith(PREFIX)}
