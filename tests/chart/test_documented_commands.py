"""What pages tell people to do, and promise of tokens, on a real API server. Pods do not run there."""

from __future__ import annotations

import base64
import json

import pytest

from chart.helm import DEMO, Helm, pods
from chart.test_install import Installed, installed  # noqa: F401
from cluster.apiserver import ApiServer
from docs.pages import ROOT, code

pytestmark = pytest.mark.apiserver
RUNBOOKS = [
    line
    for block in code(ROOT / "docs" / "alerts.md", "sh")
    for line in block.splitlines()
    if line.startswith("kubectl")
]
NEEDS_A_POD = (" exec ", " logs ", " top ", " get pod ")
# What a command prints, where the Lease is held by payouts-0 with token 417.
PRINTS = {
    "get lease payouts -o yaml": "leader-sidecar.io/fencing-token",
    "holderIdentity": "payouts-0_uid_nonce\n",
    "fencing-token}": "417\n",
    "describe lease": "payouts-0_uid_nonce",
    "auth can-i": "[get update watch]",
    "/readyz?verbose": "readyz check passed",
    "/metrics": "etcd_request_duration_seconds_sum",
    "get pods": "",
}
CLIENT_GOS_LEASE = """{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "payouts"},
"spec": {"holderIdentity": "payouts-7d4b9-x2x_0b1c", "leaseDurationSeconds": 15}}"""
LEFT_TO_OTHERS = ("--set", "leader-sidecar.lease.create=false", "--set", "leader-sidecar.election=payouts")


def test_the_commands_of_the_runbooks_that_need_no_pod(installed: Installed) -> None:  # noqa: F811
    installed.helm("install", "payouts", str(DEMO))
    installed.lead("payouts-0", 417)
    account = f"system:serviceaccount:{installed.namespace}:payouts-housekeeping-demo"
    used = set()
    for line in RUNBOOKS:
        if any(word in line for word in NEEDS_A_POD):
            continue
        line = line.replace("system:serviceaccount:default:payouts", account)
        done = installed.shell("set -o pipefail; " + line.replace("-n default", f"-n {installed.namespace}"))
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        (known,) = [part for part in PRINTS if part in line]
        assert PRINTS[known] in done.stdout, line
        used.add(known)
    assert used == set(PRINTS), "a command is no longer on the page"


def test_a_deployment_is_told_to_stop_before_it_starts(installed: Installed) -> None:  # noqa: F811
    (command,) = [block for block in code(ROOT / "docs" / "migration.md", "sh") if "Recreate" in block]
    installed.helm("install", "payouts", str(DEMO), "--set", "fullnameOverride=payouts")
    done = installed.shell(command.replace("-n pay ", f"-n {installed.namespace} "))
    assert done.returncode == 0, done.stderr
    shown = installed.shell("kubectl get deployment payouts -o jsonpath='{.spec.strategy}'")
    assert shown.stdout == '{"type":"Recreate"}'


def test_helm_does_not_adopt_a_lease_that_it_did_not_make(installed: Installed) -> None:  # noqa: F811
    made = installed.shell("kubectl create -f - <<< '" + CLIENT_GOS_LEASE + "'")
    assert made.returncode == 0, made.stderr
    before = installed.lease()
    with pytest.raises(AssertionError, match="cannot be imported"):
        installed.helm("install", "payouts", str(DEMO))
    installed.helm("install", "again", str(DEMO), *LEFT_TO_OTHERS)
    assert installed.lease() == before


@pytest.mark.parametrize(("asked_s", "lives_s"), [(None, 3600), (3607, 365 * 24 * 3600)], ids=["ours", "the kubelet's"])
def test_the_sidecars_token_lives_for_an_hour(
    installed: Installed,  # noqa: F811
    apiserver: ApiServer,
    helm: Helm,
    asked_s: int | None,
    lives_s: int,
) -> None:
    spec = pods(helm.render())["Deployment/payouts-housekeeping-demo"]
    (volume,) = [one for one in spec["volumes"] if one["name"] == "leader-sidecar-token"]
    ours_s = volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"]
    assert installed.create_pod("payouts-0", spec).returncode == 0
    # As the kubelet asks: the token is bound to the pod.
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "payouts-0"}
    wanted = {"spec": {"expirationSeconds": asked_s or ours_s, "boundObjectRef": bound}}
    account = f"/api/v1/namespaces/{installed.namespace}/serviceaccounts/{spec['serviceAccountName']}"
    token = apiserver.admin.request("POST", f"{account}/token", wanted)["status"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == lives_s
    assert claims["kubernetes.io"]["pod"]["name"] == "payouts-0"
