"""Fifty replicas stand in one election: one winner a term, and hardly a write that fails."""

from __future__ import annotations

import json
import time
from typing import Any

from kind.release import LEASE_S
from kind.stage import Stage
from kind.watching import now_s

REPLICAS = 50
INTERVAL_S = 0.25
STEPS_DOWN = 5
LED_S = 2.0
HANDOVER_S = 3.0
_ASK = """
import json, re, sys, urllib.request
counts = {}
for address in sys.argv[1:]:
    text = urllib.request.urlopen(f"http://{address}:8081/metrics", timeout=10).read().decode()
    found = re.findall(r'^leader_sidecar_requests_total\\{(.*?)\\} (\\S+)', text, re.MULTILINE)
    counts[address] = {labels: float(count) for labels, count in found}
print(json.dumps(counts))
"""


def play(stage: Stage) -> None:
    """Let leaders step down one after the other, and count which writes of the others failed."""
    nodes = [stage.cluster.control_plane, *stage.cluster.workers]
    began_s = now_s()
    stage.install(on=nodes, replicaCount=REPLICAS)
    stage.release.until_whole(REPLICAS)
    stage.say(f"{REPLICAS} replicas ready in {now_s() - began_s:.0f} s")
    pods = stage.release.pods()
    with stage.watched() as watching:
        leader = stage.leader()
        before, took_s = failed_writes(stage, pods), []
        for _ in range(STEPS_DOWN):
            began_s = now_s()
            with stage.fault("stepped down", leader.who):
                watching.resign(leader.who)
                leader = watching.leader(LEASE_S, other_than=leader.who, after_token=leader.token or 0)
            took_s.append(leader.received_s - began_s)
            time.sleep(LED_S)
        after = failed_writes(stage, pods)
        time.sleep(LEASE_S)
    worst = max(after[who] - before[who] for who in after)
    total = sum(after.values()) - sum(before.values())
    stage.say(f"{STEPS_DOWN} hand-overs among {REPLICAS}: {', '.join(f'{one:.2f}' for one in took_s)} s")
    stage.say(f"failed writes: {total:g} in all, {worst:g} at most of one candidate")
    assert max(took_s) <= HANDOVER_S
    assert worst <= STEPS_DOWN
    assert total > 0, "fifty candidates and not one failed write: they were not counted"
    assert len(watching.tokens()) == STEPS_DOWN + 1, f"more terms than hand-overs: {watching.tokens()}"
    stage.verdict(REPLICAS)


def failed_writes(stage: Stage, pods: list[Any]) -> dict[str, float]:
    """Read from every pod's metrics how many of its writes failed, by address."""
    addresses = [pod.status.pod_ip for pod in pods]
    command = ["exec", pods[0].metadata.name, "-c", "app", "--", "python3", "-c", _ASK, *addresses]
    told = json.loads(stage.release.kubectl(*command))
    assert len(told) == len(pods)
    return {
        address: sum(count for labels, count in counts.items() if 'outcome="conflict"' in labels)
        for address, counts in told.items()
    }
