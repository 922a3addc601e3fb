"""Owns one release of the demo's chart in a namespace of its own, as its users see it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from kubernetes import client, config

from cluster.kind import KindCluster
from kind.watching import Watching

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "housekeeping-demo"
LEASE_S = 15.0
READY_S = 90
TOKEN_ANNOTATION = "leader-sidecar.io/fencing-token"
RELEASED_ANNOTATION = "leader-sidecar.io/released"


class Release:
    """An installed chart.

    Args:
        cluster: where.
        namespace: made with `enforce: restricted`, and the name of the release and its election as well.
    """

    def __init__(self, cluster: KindCluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        api = config.new_client_from_config(str(cluster.kubeconfig))
        self.core = client.CoreV1Api(api)
        self._leases = client.CoordinationV1Api(api)

    def install(self, *values: str) -> None:
        """Make the namespace and install the chart, and wait until its pods are ready."""
        label = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=self.namespace, labels=label)))
        self.upgrade(*values)

    def upgrade(self, *values: str) -> None:
        """Install or upgrade with these values, and wait until the pods are ready."""
        sets = [word for value in values for word in ("--set", value)]
        self.helm("upgrade", "--install", self.namespace, str(CHART), "--wait", "--timeout", f"{READY_S}s", *sets)

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace; return its output."""
        return self.cluster.run("helm", "--namespace", self.namespace, *arguments, limit_s=READY_S + 30).stdout

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Run kubectl in the namespace; return its output."""
        done = self.cluster.run("kubectl", "--namespace", self.namespace, *arguments, check=check)
        return done.stdout + ("" if check else done.stderr)

    def pods(self, component: str = "app") -> list[Any]:
        """List the pods that are not being deleted."""
        selector = f"app.kubernetes.io/instance={self.namespace},app.kubernetes.io/component={component}"
        found = self.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return [pod for pod in found if pod.metadata.deletion_timestamp is None]

    def pod(self, name: str) -> Any:
        """Read one pod."""
        return self.core.read_namespaced_pod(name, self.namespace)

    def names(self) -> list[str]:
        """Name all pods that the API has, those that are being deleted too."""
        return [pod.metadata.name for pod in self.core.list_namespaced_pod(self.namespace).items]

    def running(self) -> list[str]:
        """Name the pods whose app runs, those that are being deleted too."""
        selector = f"app.kubernetes.io/instance={self.namespace},app.kubernetes.io/component=app"
        found = self.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return [
            pod.metadata.name for pod in found if any(one.state.running for one in pod.status.container_statuses or [])
        ]

    def lease(self, name: str = "") -> Any:
        """Read the Lease."""
        return self._leases.read_namespaced_lease(name or self.namespace, self.namespace)

    def ask(self, pod: str, url: str) -> tuple[int, str]:
        """Ask an address from within the app's container; return status and body, or 0 and the error."""
        program = (
            "import json,sys,urllib.request,urllib.error\n"
            "try:\n answer = urllib.request.urlopen(sys.argv[1], timeout=5)\n"
            "except urllib.error.HTTPError as error: answer = error\n"
            "except OSError as error: print(json.dumps([0, str(error)])); sys.exit()\n"
            "print(json.dumps([answer.status, answer.read().decode()]))\n"
        )
        out = self.kubectl("exec", pod, "-c", "app", "--", "python3", "-c", program, url)
        status, body = json.loads(out)
        return int(status), str(body)

    def ledger(self, path: str) -> Any:
        """Ask the ledger, from within an app's container."""
        url = f"http://{self.namespace}-housekeeping-demo-ledger:8090{path}"
        status, body = self.ask(self.pods()[0].metadata.name, url)
        assert status == 200, body
        return json.loads(body)

    def watching(self) -> Watching:
        """Give pollers in every pod, to be used as a context."""
        return Watching(self.cluster, self.namespace, self.running)

    def until(self, condition: Any, within_s: float, what: str) -> None:
        """Wait for a condition. Raises: AssertionError that says what did not come."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline_s, f"not within {within_s:g} s: {what}"
            time.sleep(0.1)

    def until_whole(self) -> None:
        """Wait until three pods are ready again."""

        def whole() -> bool:
            pods = self.pods()
            ready = [all(one.ready for one in pod.status.container_statuses or [None]) for pod in pods if pod.status]
            return len(ready) == 3 and all(ready)

        self.until(whole, READY_S, "three pods with an app that runs")
