"""The pod: where the sidecar stands, what it is given, and what the app is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from chart.helm import CHARTS, DEMO, Helm, of_kind, pod_spec, sidecar
from leader_sidecar import __version__
from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime import setting_table
from leader_sidecar.runtime.settings import parse


def test_the_chart_has_no_fault_that_lint_finds(helm: Helm) -> None:
    done = helm.run("lint", "--strict", str(DEMO), str(CHARTS / "leader-sidecar"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_native_sidecar_is_first_and_starts_before_the_app(helm: Helm) -> None:
    spec = pod_spec(helm.render())
    first = spec["initContainers"][0]
    assert first["name"] == "leader-sidecar"
    assert first["restartPolicy"] == "Always"
    assert first["startupProbe"]["httpGet"] == {"path": "/livez", "port": "leader-probes"}
    assert "lifecycle" not in first
    assert first["startupProbe"]["periodSeconds"] * first["startupProbe"]["failureThreshold"] >= 60
    assert [one["name"] for one in spec["containers"]] == ["app"]


def test_a_plain_container_is_an_option(helm: Helm) -> None:
    objects = helm.render(sidecar__plainContainer=True)
    spec = pod_spec(objects)
    assert "initContainers" not in spec
    assert [one["name"] for one in spec["containers"]] == ["app", "leader-sidecar"]
    assert "restartPolicy" not in sidecar(objects)
    assert "--plain-container=true" in sidecar(objects)["args"]


def test_liveness_and_readiness_ask_their_own_paths(helm: Helm) -> None:
    one = sidecar(helm.render(sidecar__probeListen=":9091"))
    assert one["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert one["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert {"name": "leader-probes", "containerPort": 9091} in one["ports"]


def test_the_token_is_mounted_into_the_sidecar_alone(helm: Helm) -> None:
    objects = helm.render()
    spec = pod_spec(objects)
    assert spec["automountServiceAccountToken"] is False
    (volume,) = [one["name"] for one in spec["volumes"] if "projected" in one]
    assert [one["name"] for one in sidecar(objects)["volumeMounts"]] == [volume]
    (app,) = spec["containers"]
    assert not app.get("volumeMounts")


def test_name_namespace_and_uid_come_from_the_downward_api(helm: Helm) -> None:
    environment = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in sidecar(helm.render())["env"]}
    assert environment == {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_UID": "metadata.uid",
    }


def test_requests_and_limits_are_those_promised(helm: Helm) -> None:
    assert sidecar(helm.render())["resources"] == {
        "requests": {"cpu": "10m", "memory": "48Mi"},
        "limits": {"memory": "64Mi"},
    }


def test_the_image_is_of_this_version_or_of_a_digest(helm: Helm) -> None:
    assert sidecar(helm.render())["image"] == f"ghcr.io/leader-sidecar/leader-sidecar:{__version__}"
    digest = "sha256:" + "0" * 64
    assert sidecar(helm.render(sidecar__image__digest=digest))["image"].endswith(f"leader-sidecar@{digest}")


SETTINGS: dict[str, Any] = {
    "election": "payouts, other/reports",
    "leaseDuration": "30s",
    "renewDeadline": "20s",
    "renewInterval": "7500ms",
    "retryPeriod": "2s",
    "stopMargin": "3s",
    "maxDrift": 0.000001,
    "listen": "127.0.0.1:8088",
    "probeListen": "0.0.0.0:8089",
    "tokenFloor": 9007199254740000,
    "createLease": True,
    "readyWhenLeader": True,
    "events": False,
    "plainContainer": True,
    "logFormat": "text",
    "logLevel": "debug",
}


def parsed(objects: list[dict[str, Any]]) -> Any:
    """Let the sidecar itself read its arguments."""
    command, *arguments = sidecar(objects)["args"]
    assert command == "run"
    uid = "0b1c2d3e-0000-4000-8000-000000000001"
    return parse(arguments, {"POD_NAME": "payouts-0", "POD_NAMESPACE": "pay", "POD_UID": uid})


def test_every_setting_reaches_the_sidecar_and_nothing_is_said_of_defaults(helm: Helm) -> None:
    assert sidecar(helm.render())["args"] == ["run", "--election=payouts"]
    arguments = sidecar(helm.render(**{f"sidecar__{name}": value for name, value in SETTINGS.items()}))["args"]
    assert len(arguments) == 1 + len(SETTINGS)


def test_the_chart_has_a_value_for_every_setting() -> None:
    shared = {one.chart_value for one in setting_table.SETTINGS if not one.per_process}
    assert shared == set(SETTINGS)
    assert shared <= set(yaml.safe_load((CHARTS / "leader-sidecar" / "values.yaml").read_text()))


def test_every_flag_is_one_that_the_reference_knows(helm: Helm) -> None:
    _, *arguments = sidecar(helm.render(**{f"sidecar__{name}": value for name, value in SETTINGS.items()}))["args"]
    known = {one.flag for one in setting_table.SETTINGS}
    assert {argument.partition("=")[0] for argument in arguments} <= known
    command = [sys.executable, "-m", "leader_sidecar", "config", "--reference"]
    environment = {**os.environ, "PYTHONPATH": str(CHARTS.parent / "sidecar")}
    reference = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment).stdout
    assert {flag for flag in known if f"| `{flag}` |" in reference} == known


def test_the_sidecar_reads_in_its_flags_what_the_chart_was_told(helm: Helm) -> None:
    read = parsed(helm.render(**{f"sidecar__{name}": value for name, value in SETTINGS.items()}))
    assert [str(one) for one in read.elections] == ["pay/payouts", "other/reports"]
    assert read.timing == Timing(30, 20.0, 7.5, 2.0, 3.0, 0.000001)
    assert (str(read.listen), str(read.probe_listen)) == ("127.0.0.1:8088", "0.0.0.0:8089")
    assert read.token_floor == SETTINGS["tokenFloor"]
    assert (read.create_lease, read.ready_when_leader, read.events, read.plain_container) == (True, True, False, True)
    assert (read.log_format, read.log_level) == ("text", "debug")


def test_without_values_the_sidecar_runs_with_its_own_defaults(helm: Helm) -> None:
    read = parsed(helm.render())
    assert (read.timing, read.token_floor, read.events, read.plain_container) == (Timing(), 0, True, False)


@pytest.mark.parametrize(("written", "read"), [(0, 0.0), (1, 1.0), (0.1, 0.1), (0.123456789, 0.123456789)])
def test_a_drift_is_written_as_the_sidecar_reads_it(helm: Helm, written: float, read: float) -> None:
    assert parsed(helm.render(sidecar__leaseDuration="60s", sidecar__maxDrift=written)).timing.max_drift == read


@pytest.mark.parametrize("listen", ["localhost:9090", "127.0.0.1:1", "[::1]:65535", "127.255.1.9:8080"])
def test_the_app_is_told_where_the_sidecar_listens(helm: Helm, listen: str) -> None:
    objects = helm.render(sidecar__listen=listen)
    assert str(parsed(objects).listen) == listen
    (container,) = pod_spec(objects)["containers"]
    for environment in (container["env"], sidecar(objects)["env"]):  # the commands inside the sidecar's image ask too
        assert {"name": "LEADER_URL", "value": f"http://{listen}"} in environment


def test_the_probe_port_reaches_service_policy_and_helm_test(helm: Helm) -> None:
    objects = helm.render(sidecar__probeListen="[::]:9091", networkPolicy__enabled=True)
    assert str(parsed(objects).probe_listen) == "[::]:9091"
    (policy,) = of_kind(objects, "NetworkPolicy")
    assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 9091}]
    (service,) = [one for one in of_kind(objects, "Service") if one["metadata"]["name"].endswith("-probes")]
    assert service["spec"]["ports"][0]["port"] == 9091
    (test,) = of_kind(objects, "Pod")
    assert test["spec"]["containers"][0]["args"][1] == "9091"
