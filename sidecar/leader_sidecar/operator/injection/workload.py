"""Owns the label of a workload: `kubectl label deployment/payouts leader-sidecar.io/inject=…` reaches its pods.

`kubectl label` cannot change a pod template, so a label on the Deployment, StatefulSet or DaemonSet itself is carried
into it, and taken out of it again; a label that stands in the template alone is the owner's own business.
"""

from collections.abc import Mapping
from typing import Any

from leader_sidecar.operator.injection.asked import INJECT

_LABEL = f"/spec/template/metadata/labels/{INJECT.replace('/', '~1')}"


def patch_workload(workload: Mapping[str, Any], old: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
    """Return the JSON Patch that makes the pod template's label follow that of the workload.

    Args:
        workload: as it is to be written.
        old: as it was; None for a new one.
    """
    wanted, present = _own(workload), _in_template(workload)
    if wanted is None:
        # It was carried there, and is to leave with the workload's own.
        carried = old is not None and _own(old) is not None and present == _own(old)
        return ({"op": "remove", "path": _LABEL},) if carried else ()
    if present == wanted:
        return ()
    # There are labels: the workload's selector has to match them.
    return ({"op": "add", "path": _LABEL, "value": wanted},)


def _own(workload: Mapping[str, Any]) -> str | None:
    return ((workload.get("metadata") or {}).get("labels") or {}).get(INJECT)


def _in_template(workload: Mapping[str, Any]) -> str | None:
    return _own((workload.get("spec") or {}).get("template") or {})
