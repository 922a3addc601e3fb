"""The sidecar's rights are taken away and given back: nobody leads meanwhile, and the reason is told."""

from __future__ import annotations

import time

from kind.release import LEASE_S
from kind.runbook import follow
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

RENEW_DEADLINE_S = 10.0
BACK_S = 5.0


def play(stage: Stage) -> None:
    """Delete the RoleBinding for longer than the renew deadline, and let the runbook bring it back."""
    stage.install()
    with stage.watched() as watching:
        old = stage.leader()
        with stage.fault("no rights"):
            stage.release.kubectl("delete", "rolebinding", f"{stage.release.namespace}-leader-sidecar")
            began_s = now_s()
            time.sleep(RENEW_DEADLINE_S + 3.0)
            last = watching.last_true(old.token or 0)
            told = refusals(stage)
            follow(stage.cluster, "The sidecar's rights are gone", stage.release.namespace)
            given_s = now_s()
        new = watching.leader(LEASE_S + 10.0, after_token=old.token or 0)
        time.sleep(LOOK_S)
    stage.say(
        f"taken to the last true {last.sent_s - began_s:.2f} s, given back to a leader {new.received_s - given_s:.2f} s"
    )
    stage.say(f"told: {told[0]}")
    assert last.sent_s - began_s <= RENEW_DEADLINE_S + 0.5
    assert new.received_s - given_s <= BACK_S
    stage.verdict()


def refusals(stage: Stage) -> list[str]:
    """Return what the pods say of it at /readyz; each says it."""
    said = []
    for pod in stage.release.pods():
        status, body = stage.release.ask(pod.metadata.name, "http://localhost:8081/readyz")
        assert status == 503, f"{pod.metadata.name} says that it is ready: {body}"
        assert "403" in body, body
        said.append(body.strip())
    return said
