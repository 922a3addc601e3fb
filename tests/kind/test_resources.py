"""What the sidecars have used up in the end; the last of the files, so that all has happened by now."""

from __future__ import annotations

import json

from kind.release import Release

ASKED_MIB = 42.0


def test_memory_stays_under_what_is_promised_and_nobody_was_killed_for_it(release: Release) -> None:
    release.until_whole()
    used_mib = {}
    for pod in release.pods():
        summary = json.loads(release.kubectl("get", "--raw", f"/api/v1/nodes/{pod.spec.node_name}/proxy/stats/summary"))
        stats = next(one for one in summary["pods"] if one["podRef"]["name"] == pod.metadata.name)
        sidecar = next(one for one in stats["containers"] if one["name"] == "leader-sidecar")
        used_mib[pod.metadata.name] = sidecar["memory"]["workingSetBytes"] / 2**20
        state = pod.status.init_container_statuses[0]
        ended = state.last_state.terminated
        assert ended is None or ended.reason != "OOMKilled"
        resources = pod.spec.init_containers[0].resources
        assert resources.requests == {"cpu": "10m", "memory": "48Mi"}
        assert resources.limits == {"memory": "64Mi"}
    print("working set of the sidecars: " + ", ".join(f"{one:.1f} MiB" for one in used_mib.values()))
    assert max(used_mib.values()) <= ASKED_MIB
