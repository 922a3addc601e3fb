"""Owns the label on the leader's pod: taken from whoever no longer leads, then given to who does."""

from collections.abc import Mapping
from typing import Any

from leader_sidecar.core.holder import Holder
from leader_sidecar.operator.requests import Interrupted, Requests
from leader_sidecar.operator.resource import LEADS_LABEL, Key, elections_of, leader_label, pod_path

_AT_ONCE = 10
"""More pods than one carry the label only where somebody put it into a pod's template."""


async def move_label(
    requests: Requests, election: Key, leader: Holder | None, *, wanted: bool
) -> Mapping[str, Any] | None:
    """See to it that the leader's pod alone carries the election's label.

    Args:
        leader: who leads, None for nobody.
        wanted: False to take the label from everybody.

    Returns: the leader's pod, None where there is none that is known.
    Raises: Interrupted, NotLeading.
    """
    namespace, name = election
    label = leader_label(name)
    carriers = await requests.list(pod_path(namespace), label, _AT_ONCE)
    leading = None
    for pod in carriers:
        if leader is not None and _is(pod, leader):
            leading = pod
        if pod is not leading or not wanted:
            await _set(requests, namespace, pod, label, None)
    if len(carriers) == _AT_ONCE:
        raise Interrupted(f"{_AT_ONCE} pods or more carry {label}: is it in a template?")
    if leader is None or not leader.pod_name:
        return None
    if leading is None:
        found = await requests.get(pod_path(namespace, leader.pod_name))
        leading = found if found is not None and _is(found, leader) else None
    if leading is not None and wanted:
        labels = leading["metadata"].get("labels") or {}
        if (labels.get(label), labels.get(LEADS_LABEL)) != ("true", "true"):
            await _set(requests, namespace, leading, label, "true")
    return leading


async def _set(requests: Requests, namespace: str, pod: Mapping[str, Any], label: str, value: str | None) -> None:
    labels = {name: text for name, text in (pod["metadata"].get("labels") or {}).items() if name != label}
    leads = value is not None or elections_of(labels)
    path = pod_path(namespace, pod["metadata"]["name"])
    change = {label: value, LEADS_LABEL: "true" if leads else None}
    await requests.patch(path, pod, {"metadata": {"labels": change}})


def _is(pod: Mapping[str, Any], leader: Holder) -> bool:
    """Tell whether this is the leader's pod, and not one that has been given its name since."""
    metadata = pod["metadata"]
    return metadata["name"] == leader.pod_name and leader.pod_uid in ("", metadata["uid"])
