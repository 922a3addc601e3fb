"""The sidecar may use a fiftieth of a processor and is asked fifty times a second: throttled, and still right."""

from __future__ import annotations

import re
import time

from kind.stage import Stage

LIMIT = "20m"
INTERVAL_S = 0.02
"""A poller waits for each answer, so that it asks less often where the sidecar is slow."""
LOADED_S = 40.0
FIRST_S = 90.0
_THROTTLED = re.compile(r"^container_cpu_cfs_throttled_periods_total\{(.*?)\} (\d+)", re.MULTILINE)


def play(stage: Stage) -> None:
    """Load it, and count how often the kernel held it back."""
    stage.install(f"leader-sidecar.resources.limits.cpu={LIMIT}")
    stage.interval_s = INTERVAL_S
    with stage.watched() as watching:
        watching.leader(FIRST_S)
        with stage.fault(f"{LIMIT} of a processor"):
            before = throttled(stage)
            time.sleep(LOADED_S)
            after = throttled(stage)
    held = [after[pod] - before.get(pod, 0) for pod in after]
    stage.say(
        f"throttled in {held} periods of 0.1 s within {LOADED_S:g} s, "
        f"nobody led for {[round(one, 1) for one in watching.gaps_s()]} s"
    )
    assert len(held) == 3
    assert min(held) > 0, f"not throttled: {held}"
    stage.verdict()


def throttled(stage: Stage) -> dict[str, int]:
    """Read from the kubelet in how many periods each sidecar was held back."""
    path = f"/api/v1/nodes/{stage.cluster.control_plane}/proxy/metrics/cadvisor"
    told = stage.release.kubectl("get", "--raw", path)
    labels = ((dict(re.findall(r'(\w+)="([^"]*)"', found[1])), int(found[2])) for found in _THROTTLED.finditer(told))
    return {
        one["pod"]: count
        for one, count in labels
        if one["namespace"] == stage.release.namespace and one["container"] == "leader-sidecar"
    }
