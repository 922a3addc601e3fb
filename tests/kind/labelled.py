"""Owns a Deployment that knows nothing of sidecars, and the operator that gives its pods one by a label."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from cluster.kind import KindCluster
from kind.release import READY_S, Release
from leader_sidecar import __version__

OPERATORS = "leader-sidecar-system"
NAME = "leader-sidecar-operator"
INJECT = "leader-sidecar.io/inject"
_CHART = Path(__file__).parents[2] / "charts" / NAME
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Operators:
    """The operator's release; its certificates live for a minute, so that a rotation can be waited for."""

    def __init__(self, cluster: KindCluster) -> None:
        self.cluster = cluster

    def install(self, by: str, replicas: int = 2) -> None:
        """Install, or upgrade to another way of injection, and wait until it is ready."""
        sets = [f"injection.by={by}", "injection.certificate.lifetime=1m", f"replicaCount={replicas}"]
        words = [word for one in sets for word in ("--set", one)]
        command = ["upgrade", "--install", NAME, str(_CHART), "--namespace", OPERATORS, "--create-namespace"]
        self.cluster.run("helm", *command, "--wait", "--timeout", f"{READY_S}s", *words, limit_s=READY_S + 30)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the operator's namespace; return its output."""
        return str(self.cluster.run("kubectl", "--namespace", OPERATORS, *arguments).stdout)

    def kill(self) -> None:
        """Take both pods away at once, without a goodbye."""
        self.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")

    def bundle(self) -> str:
        """Return what the API server trusts."""
        path = "{.webhooks[0].clientConfig.caBundle}"
        return self.kubectl("get", "mutatingwebhookconfiguration", f"{NAME}-{OPERATORS}", "-o", f"jsonpath={path}")

    def certificates(self) -> set[str]:
        """Return a line for each certificate that any operator has begun to show."""
        said = self.kubectl("logs", "-l", f"app.kubernetes.io/instance={NAME}", "--tail=-1", "--prefix")
        return {line for line in said.splitlines() if '"event":"certificate"' in line}


class Labelled(Release):
    """Three pods of an app in a namespace of their own, and a LeaderElection of its name; no chart, no sidecar."""

    def install(self, *values: str) -> None:
        """Make namespace, LeaderElection and Deployment, and wait until its pods are ready."""
        assert not values, "there is no chart"
        metadata = {"name": self.namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
        self.core.create_namespace({"metadata": metadata})
        for one in (self.election(), self.workload()):
            self.apply(one)
        self.until_whole()

    def election(self) -> dict[str, Any]:
        """Make the LeaderElection, with a Service that finds the leader by its probe port."""
        service = {"enabled": True, "ports": [{"name": "probes", "port": 8081}]}
        return {
            "apiVersion": "leader-sidecar.io/v1alpha1",
            "kind": "LeaderElection",
            "metadata": {"name": self.namespace, "namespace": self.namespace},
            "spec": {"serviceAccounts": ["default"], "service": service},
        }

    def workload(self) -> dict[str, Any]:
        """Make the Deployment."""
        labels = {"app.kubernetes.io/instance": self.namespace, "app.kubernetes.io/component": "app"}
        container = {
            "name": "app",
            "image": f"ghcr.io/leader-sidecar/housekeeping-demo:{__version__}",
            "command": ["python3", "-m", "housekeeping.app"],
            "securityContext": _RESTRICTED,
        }
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.namespace, "namespace": self.namespace},
            "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": template},
        }

    def apply(self, one: dict[str, Any]) -> None:
        """Write an object."""
        file = self.cluster.kubeconfig.with_name(f"{self.namespace}-{one['kind']}.json")
        file.write_text(json.dumps(one))
        self.kubectl("apply", "-f", str(file))

    def rolled_out(self) -> None:
        """Wait until all pods are those of the newest template."""
        done = self.cluster.run(
            *("kubectl", "--namespace", self.namespace, "rollout", "status", f"deployment/{self.namespace}"),
            f"--timeout={READY_S}s",
            limit_s=READY_S + 30,
        )
        assert "successfully rolled out" in done.stdout
        self.until_whole()

    def injected(self) -> list[Any]:
        """List the pods that have their sidecar, first among their init containers."""
        found = [pod for pod in self.pods() if pod.spec.init_containers]
        return [pod for pod in found if pod.spec.init_containers[0].name == "leader-sidecar"]

    def found_by_service(self, asking: str, within_s: float, other_than: str = "") -> tuple[str, float]:
        """Ask the leader's Service until a pod answers that leads. Returns: its name, and how many seconds it took."""
        begin_s = time.monotonic()
        while time.monotonic() < begin_s + within_s:
            status, body = self.ask(asking, f"http://{self.namespace}-leader:8081/metrics")
            leads = f'leader_election_master_status{{name="{self.namespace}/{self.namespace}"}} 1.0' in body
            leader = (self.lease().spec.holder_identity or "").partition("_")[0]
            if status == 200 and leads and leader != other_than:
                return leader, time.monotonic() - begin_s
        raise AssertionError(f"the Service answered with no leader but {other_than or 'any'} within {within_s:g} s")
