"""Owns one release of the demo's chart in a namespace of its own, as its users see it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from kubernetes import client, config

from cluster.kind import KindCluster
from kind.watching import INTERVAL_S, Running, Watching

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "housekeeping-demo"
LEASE_S = 15.0
READY_S = 180
TOKEN_ANNOTATION = "leader-sidecar.io/fencing-token"
RELEASED_ANNOTATION = "leader-sidecar.io/released"
CONTROL_PLANE = r"node-role\.kubernetes\.io/control-plane="
LEDGER = f"ledger.nodeSelector.{CONTROL_PLANE}"
"""On the node that no disaster of a node befalls."""
_ANSWER_S = 10.0


class Release:
    """An installed chart.

    Args:
        cluster: where.
        namespace: made with `enforce: restricted`, and the name of the release and its election as well.
    """

    def __init__(self, cluster: KindCluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.deployment = f"deployment/{namespace}-housekeeping-demo"
        api = config.new_client_from_config(str(cluster.kubeconfig))
        self.core = client.CoreV1Api(api)
        self.leases = client.CoordinationV1Api(api)

    def install(self, *values: str, **json_values: Any) -> None:
        """Make the namespace and install the chart, and wait until its pods are ready."""
        label = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=self.namespace, labels=label)))
        self.upgrade(LEDGER, *values, **json_values)

    def upgrade(self, *values: str, **json_values: Any) -> None:
        """Install, or upgrade with these values beside those of before, and wait until the pods are ready."""
        sets = ["--reuse-values", *(word for value in values for word in ("--set", value))]
        for name, value in json_values.items():
            sets += ["--set-json", f"{name}={json.dumps(value)}"]
        self.helm("upgrade", "--install", self.namespace, str(CHART), "--wait", "--timeout", f"{READY_S}s", *sets)

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace; return its output."""
        return self.cluster.run("helm", "--namespace", self.namespace, *arguments, limit_s=READY_S + 30).stdout

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Run kubectl in the namespace; return its output."""
        done = self.cluster.run("kubectl", "--namespace", self.namespace, *arguments, check=check, limit_s=READY_S + 30)
        return done.stdout + ("" if check else done.stderr)

    def roll(self) -> None:
        """Replace all pods, one after the other, and wait for the end of it."""
        self.kubectl("rollout", "restart", self.deployment)
        self.rolled()

    def rolled(self) -> None:
        """Wait until a roll is over."""
        self.kubectl("rollout", "status", self.deployment, f"--timeout={READY_S}s")

    def pods(self, component: str = "app") -> list[Any]:
        """List the pods that are not being deleted."""
        return [pod for pod in self._all(component) if pod.metadata.deletion_timestamp is None]

    def pod(self, name: str) -> Any:
        """Read one pod."""
        return self.core.read_namespaced_pod(name, self.namespace)

    def names(self) -> list[str]:
        """Name all pods that the API has, those that are being deleted too."""
        return [pod.metadata.name for pod in self.core.list_namespaced_pod(self.namespace).items]

    def running(self) -> list[Running]:
        """List the pods whose app runs, those that are being deleted too."""
        found = []
        for pod in self._all("app"):
            for one in pod.status.container_statuses or []:
                if one.state.running and one.container_id:
                    found.append(Running(pod.metadata.name, pod.spec.node_name, one.container_id.split("//")[1]))
        return found

    def lease(self, name: str = "") -> Any:
        """Read the Lease."""
        return self.leases.read_namespaced_lease(name or self.namespace, self.namespace)

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
        """Ask the ledger, through the API server and in a few milliseconds: a batch is half paid for half a second."""
        answer = self.core.connect_get_namespaced_service_proxy_with_path(
            f"{self.namespace}-housekeeping-demo-ledger:8090", self.namespace, path.lstrip("/"), _preload_content=False
        )
        return json.loads(answer.data)

    def log(self, pod: str) -> list[dict[str, Any]]:
        """Return what the sidecar of a pod has logged."""
        lines = self.kubectl("logs", pod, "-c", "leader-sidecar").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def watching(self, interval_s: float = INTERVAL_S) -> Watching:
        """Give pollers in every pod, to be used as a context."""
        return Watching(self.running, interval_s)

    def until(self, condition: Any, within_s: float, what: str, every_s: float = 0.1) -> None:
        """Wait for a condition, asked for again and again. Raises: AssertionError that says what did not come."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline_s, f"not within {within_s:g} s: {what}"
            time.sleep(every_s)

    def until_whole(self, count: int = 3) -> None:
        """Wait until so many pods are ready again."""

        def whole() -> bool:
            pods = self.pods()
            told = [pod.status.container_statuses or [] for pod in pods]
            return len(told) == count and all(one and all(each.ready for each in one) for one in told)

        self.until(whole, READY_S, f"{count} pods with an app that runs", 0.5)

    def _all(self, component: str) -> list[Any]:
        selector = f"app.kubernetes.io/instance={self.namespace},app.kubernetes.io/component={component}"
        found = self.core.list_namespaced_pod(self.namespace, label_selector=selector, _request_timeout=_ANSWER_S)
        return list(found.items)
