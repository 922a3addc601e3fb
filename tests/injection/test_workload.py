"""The label of a workload reaches its pod template, and leaves it again."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from injection.pods import INJECT
from leader_sidecar.operator.injection.workload import patch_workload


def workload(own: str | None, template: str | None) -> dict[str, Any]:
    """Make a Deployment with the label on itself, in its template, on both or on none."""
    labels = {INJECT: own} if own is not None else {}
    inner = {"app": "payouts"} | ({INJECT: template} if template is not None else {})
    return {"metadata": {"labels": labels}, "spec": {"template": {"metadata": {"labels": inner}}}}


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        (None, ("payouts", None), "payouts"),
        ((None, None), ("payouts", None), "payouts"),
        (("payouts", "payouts"), ("reports", "payouts"), "reports"),
        (("payouts", "payouts"), (None, "payouts"), None),
        (("payouts", "payouts"), ("payouts", None), "payouts"),
        # A label that the owner put into the template is not taken out with another.
        (("payouts", "reports"), (None, "reports"), "reports"),
        ((None, "reports"), (None, "reports"), "reports"),
        (None, (None, "reports"), "reports"),
        ((None, None), (None, None), None),
    ],
)
def test_the_templates_label_follows(
    old: tuple[str | None, str | None] | None, new: tuple[str | None, str | None], label: str | None
) -> None:
    before = workload(*old) if old else None
    after = jsonpatch.apply_patch(workload(*new), list(patch_workload(workload(*new), before)))
    labels = after["spec"]["template"]["metadata"]["labels"]
    assert labels.get(INJECT) == label
    assert labels["app"] == "payouts"
    assert patch_workload(after, before) == ()
