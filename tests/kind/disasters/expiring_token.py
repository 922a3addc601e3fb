"""The service account's token lives for 600 s, the shortest that Kubernetes gives; it expires, and nothing happens.

It begins before all others and is judged after them, so that no time is spent on waiting.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from kind.release import LEASE_S
from kind.stage import Stage

LIVES_S = 600
LEEWAY_S = 60.0
"""For how long the API server still takes a token that has expired. Source: `DefaultLeeway` of go-jose."""
_PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_PATCH = [
    {
        "op": "replace",
        "path": "/spec/template/spec/volumes/0/projected/sources/0/serviceAccountToken/expirationSeconds",
        "value": LIVES_S,
    }
]


@dataclass(frozen=True)
class Begun:
    """The tokens that the pods had at first, by pod."""

    tokens: dict[str, str]


def begin(stage: Stage) -> Begun:
    """Install it, and remember the first tokens."""
    release = stage.release
    stage.install(replicaCount=0)
    release.kubectl("patch", release.deployment, "--type=json", f"--patch={json.dumps(_PATCH)}")
    release.kubectl("scale", release.deployment, "--replicas=3")
    release.until_whole()
    tokens = {pod.metadata.name: read_token(stage, pod.metadata.name) for pod in release.pods()}
    for token in tokens.values():
        assert lifetime_s(token) == LIVES_S
        assert status(stage, token) == 200, "the first token is not taken even now"
    return Begun(tokens)


def judge(stage: Stage, begun: Begun) -> None:
    """Wait until they have expired, and see that the same processes lead and renew with others."""
    release = stage.release
    refused_s = max(claim(token, "exp") for token in begun.tokens.values()) + LEEWAY_S + 1.0
    with stage.watched() as watching:
        stage.leader()
        # Where they expired long ago: until a leader has renewed under these eyes.
        time.sleep(max(refused_s - time.time(), LEASE_S / 3))
        watching.leader(LEASE_S)
    statuses = [status(stage, token) for token in begun.tokens.values()]
    assert statuses == [401] * 3, f"the first tokens are still taken: {statuses}"
    for pod in release.pods():
        name = pod.metadata.name
        assert name in begun.tokens, f"{name} is a new pod"
        assert pod.status.init_container_statuses[0].restart_count == 0, f"the sidecar of {name} was restarted"
        assert read_token(stage, name) != begun.tokens[name], "the kubelet gave no new token"
        # An API server that has just started refuses everybody with 403 for a moment: it does not know any role yet.
        refused = [line for line in release.log(name) if line["event"] == "rejected" and line["status"] == 401]
        assert not refused, f"the API server refused {name}: {refused[0]}"
    stage.say(f"three first tokens of {LIVES_S} s are refused with 401; no request of a sidecar was")
    stage.verdict()


def read_token(stage: Stage, pod: str) -> str:
    """Read the token that the sidecar of a pod has now."""
    program = f"print(open({_PATH!r}).read())"
    return stage.release.kubectl("exec", pod, "-c", "leader-sidecar", "--", "python3", "-c", program).strip()


def status(stage: Stage, token: str) -> int:
    """Ask the API server for the Lease with this token and nothing else; return the status of the answer."""
    known = stage.release.leases.api_client.configuration
    bearer = client.Configuration(host=known.host)
    bearer.ssl_ca_cert = known.ssl_ca_cert
    bearer.api_key = {"authorization": f"Bearer {token}"}
    with client.ApiClient(bearer) as api:
        try:
            client.CoordinationV1Api(api).read_namespaced_lease(stage.release.namespace, stage.release.namespace)
        except ApiException as error:
            return int(error.status)
    return 200


def claim(token: str, name: str) -> float:
    """Read an instant from a token."""
    middle = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))[name])


def lifetime_s(token: str) -> float:
    """Return for how long a token is good."""
    return claim(token, "exp") - claim(token, "iat")
