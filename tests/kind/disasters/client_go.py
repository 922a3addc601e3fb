"""A client-go elector stands in the same election: each follows the other, and nobody leads beside anybody."""

from __future__ import annotations

import time

from bench.elector import find_elector
from bench.overlap import Answer, side_by_side_s
from kind.disasters.images import put_on_nodes
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

CLIENT_GO = "client-go"
FOLLOWS_S = 17.0
"""Longer than the lease: it is the record's renewals that count."""
RETRY_S = 2.0 * 2.2
"""client-go looks again after its retry period, and up to 1.2 of it more."""
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def play(stage: Stage) -> None:
    """Let sidecars lead before it, it after them, and them after it."""
    image = put_on_nodes(stage.cluster, CLIENT_GO, "housekeeping-demo", find_elector(), '["/program"]')
    stage.install()
    release = stage.release
    with stage.watched() as watching:
        old = stage.leader()
        stand(stage, image)
        release.until(lambda: answers(stage, told=None), LEASE_S * 3, "client-go answers")
        time.sleep(FOLLOWS_S)
        assert not answers(stage, told=0), "client-go leads beside a sidecar"
        with stage.fault("no sidecars"):
            release.kubectl("scale", release.deployment, "--replicas=0")
            release.until(lambda: answers(stage, told=0), LEASE_S + 30.0, "client-go leads after them")
        release.kubectl("scale", release.deployment, "--replicas=3")
        release.until_whole(count=4)
        time.sleep(FOLLOWS_S)
        before = watching.tokens()[-1]
        last = [one for one in watching.seen if one.who == CLIENT_GO][-1]
        assert last.token == 0, "client-go had lost the Lease by itself"
        ended_s = now_s()
        with stage.fault("deleted", CLIENT_GO):
            release.kubectl("delete", "pod", CLIENT_GO)
            new = watching.leader(LEASE_S + 10.0, after_token=before)
        time.sleep(LOOK_S)
    stage.say(f"client-go's end to a sidecar that leads {new.received_s - ended_s:.2f} s")
    told = [Answer(one.who, one.sent_s, one.received_s, one.token is not None) for one in watching.seen]
    assert side_by_side_s(told) == 0.0
    led_s = [one.sent_s for one in watching.seen if one.token == 0]
    stage.say(f"client-go led for {max(led_s) - min(led_s):.1f} s, beside nobody")
    assert max(led_s) - min(led_s) >= FOLLOWS_S
    assert new.token is not None
    assert old.token is not None
    assert new.token > old.token
    stage.verdict()


def answers(stage: Stage, told: int | None) -> bool:
    """Say whether client-go's pod has answered so: 0 is that it leads, None that it does not."""
    return any(one.who == CLIENT_GO and one.token == told for one in stage.watching.seen)


def stand(stage: Stage, image: str) -> None:
    """Start it as one more pod of the release, with the same account; a poller asks it as the others."""
    release = stage.release
    flags = [f"--namespace={release.namespace}", f"--name={release.namespace}", f"--identity={CLIENT_GO}"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": CLIENT_GO,
            "labels": {
                "app.kubernetes.io/instance": release.namespace,
                "app.kubernetes.io/component": "app",
            },
        },
        "spec": {
            "serviceAccountName": f"{release.namespace}-housekeeping-demo",
            "automountServiceAccountToken": True,
            "nodeName": stage.cluster.control_plane,
            "containers": [{"name": "app", "image": image, "args": flags, "securityContext": _RESTRICTED}],
        },
    }
    release.core.create_namespaced_pod(release.namespace, pod)
