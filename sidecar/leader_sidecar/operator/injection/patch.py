"""Owns the patch: from a pod to the JSON Patch that puts the sidecar in, or to why it is left as it is.

Rules of this file:
1. Nothing is read but the arguments, and nothing is changed: same pod, same answer.
2. What is there already is left alone, so that a second run changes nothing, and a run after another webhook added a
   container gives this one its variable too.
3. The sidecar stands first, where the kubelet starts it before all others; if another webhook then puts its own before
   it, that is no reason to fight.

Source: RFC 6902; Kubernetes' reinvocation of mutating webhooks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leader_sidecar.operator.injection.asked import INJECT, INJECTED, Asked, Faults, read_asked
from leader_sidecar.operator.injection.template import Template

Operation = dict[str, Any]
SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class Patch:
    """What to change; no operation where nothing is missing."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """The pod is one that is never injected, whatever it asks for; `reason` is one sentence."""

    reason: str


def patch_pod(
    pod: Mapping[str, Any],
    namespace: str,
    template: Template,
    election: Mapping[str, Any] | None,
    own_namespace: str,
) -> Patch | Skipped | Faults:
    """Decide what becomes of a pod that is being made.

    Args:
        pod: as the API server gave it, its labels included.
        namespace: the pod's.
        election: the spec of the LeaderElection that the label names; None for none.
        own_namespace: the operator's.
    """
    label = ((pod.get("metadata") or {}).get("labels") or {}).get(INJECT, "false")
    if label == "false":
        return Patch(())
    if not label:
        return Faults((f"label {INJECT} is empty: write true, or the name of a LeaderElection",))
    reason = never_injected(pod, namespace, own_namespace)
    if reason:
        return Skipped(reason)
    asked = read_asked(pod, namespace, template.texts(), election)
    return asked if isinstance(asked, Faults) else Patch(tuple(_operations(pod, template, asked)))


def never_injected(pod: Mapping[str, Any], namespace: str, own_namespace: str) -> str:
    """Say why a pod is never injected; "" for one that may be."""
    if namespace in (SYSTEM_NAMESPACE, own_namespace):
        return f"no sidecar for pods of namespace {namespace}: the cluster and the operator must not wait for it"
    if (pod.get("spec") or {}).get("hostNetwork"):
        return "no sidecar for a pod with hostNetwork: its loopback is the node's, where others would ask and be told"
    return ""


def _operations(pod: Mapping[str, Any], template: Template, asked: Asked) -> list[Operation]:
    spec = pod.get("spec") or {}
    init, containers, volumes = (spec.get(key) or [] for key in ("initContainers", "containers", "volumes"))
    operations = []
    if template.name not in {one["name"] for one in [*init, *containers]}:
        container = template.container_for(asked.texts, asked.settings)
        if asked.settings.plain_container:
            operations.append(_add("/spec/containers/-", container))
        else:
            operations.append(_insert("/spec/initContainers", init, container))
    if template.volume["name"] not in {one["name"] for one in volumes}:
        operations.append(_insert("/spec/volumes", volumes, dict(template.volume), at="-"))
    variable = template.variable_for(asked.texts)
    for index, container in enumerate(containers):
        present = container.get("env") or []
        if container["name"] != template.name and variable["name"] not in {one["name"] for one in present}:
            # First, because later variables may refer to it.
            operations.append(_insert(f"/spec/containers/{index}/env", present, variable))
    if INJECTED not in pod["metadata"]["labels"]:
        operations.append(_add(f"/metadata/labels/{_escaped(INJECTED)}", "true"))
    return operations


def _insert(path: str, present: list[Any], value: Any, at: str = "0") -> Operation:
    return _add(f"{path}/{at}", value) if present else _add(path, [value])


def _add(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
