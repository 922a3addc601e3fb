"""Owns one replica of the operator as a process, before a real API server that asks it on loopback."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from chart.helm import find_helm, of_kind
from cluster.apiserver import ApiServer
from cluster.processes import Process, free_port
from cluster.rest import RestError
from injection.chart import CHART, NAMESPACE, configuration_of, path_of
from injection.pods import INJECT, make_pod

ACCOUNT = "payouts-leader-sidecar-operator"
SHOP = "shop"
PODS = f"/api/v1/namespaces/{SHOP}/pods"
_PYTHONPATH = str(CHART.parents[1] / "sidecar")
_WITHIN_S = 60.0


class Operator:
    """One replica of the operator as a process, with the chart's rights and nothing more.

    Args:
        objects: what the chart rendered; the webhook's object is made here, with an address on loopback.
    """

    def __init__(self, api: ApiServer, folder: Path, objects: list[dict[str, Any]]) -> None:
        self.api = api
        self.port = free_port()
        self.objects = objects
        (self.hook,) = of_kind(objects, "MutatingWebhookConfiguration")
        for one in self.hook["webhooks"]:
            # There is no network of Services here.
            del one["clientConfig"]["service"]
            one["clientConfig"]["url"] = f"https://localhost:{self.port}/admission"
        configuration = configuration_of(objects)
        configuration["webhook"] |= {"port": self.port, "dnsNames": ["localhost"], "certificateLifetime": "1m"}
        file = folder / f"{self.port}.json"
        file.write_text(json.dumps(configuration))
        kubeconfig = api.kubeconfig_with_token(folder / f"{self.port}.kubeconfig", NAMESPACE, ACCOUNT)
        command = [sys.executable, "-m", "leader_sidecar", "operator", f"--injection={file}"]
        command += [f"--election={ACCOUNT}", f"--namespace={NAMESPACE}", f"--kubeconfig={kubeconfig}"]
        command += ["--pod-name=operator-0", "--probe-listen=127.0.0.1:0", "--log-format=text"]
        self.process = Process(command, folder / f"{self.port}.log", folder / "nothing", {"PYTHONPATH": _PYTHONPATH})

    def bundle(self) -> bytes:
        """Read what API servers trust."""
        found = self.api.admin.request("GET", f"{path_of(self.hook)}/{self.hook['metadata']['name']}")
        return base64.b64decode(found["webhooks"][0]["clientConfig"].get("caBundle") or "")


def ready(operator: Operator) -> bool:
    """Say whether the API server asks the operator and trusts it."""
    try:
        made = operator.api.admin.request("POST", f"{PODS}?dryRun=All", make_pod() | {"metadata": metadata("probe")})
    except RestError:
        return False
    return "initContainers" in made["spec"]


def metadata(name: str, label: str = "true", **annotations: str) -> dict[str, Any]:
    """Make the metadata of a pod that asks for a sidecar."""
    given = {"election": "payouts", **annotations} if label == "true" else annotations
    return {
        "name": name,
        "labels": {INJECT: label},
        "annotations": {f"leader-sidecar.io/{key.replace('_', '-')}": value for key, value in given.items()},
    }


def kubectl(api: ApiServer, folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run kubectl as a person would, who reads warnings."""
    program = find_helm("kubectl")
    assert program, "no kubectl: run tests/cluster/build-binaries ~/.cache/leader-sidecar/bin tools"
    kubeconfig = api.kubeconfig_with_certificate(folder / "admin.kubeconfig")
    command = [program, "--kubeconfig", str(kubeconfig), "--namespace", SHOP, *arguments]
    environment = {**os.environ, "HOME": str(folder)}
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def until(condition: Any, what: str, operator: Operator) -> None:
    """Wait for a condition. Raises: AssertionError with the end of the operator's log."""
    deadline_s = time.monotonic() + _WITHIN_S
    while not condition():
        assert time.monotonic() < deadline_s, f"{what}:\n{operator.process.log_tail()}"
        time.sleep(0.1)
