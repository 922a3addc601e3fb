"""The pod: where the sidecar stands, what it is given, and what the app is not."""

from __future__ import annotations

from typing import Any

import pytest

from chart.helm import DEMO, Helm, pod_spec, sidecar
from leader_sidecar import __version__
from leader_sidecar.runtime.settings import parse


def test_the_chart_has_no_fault_that_lint_finds(helm: Helm) -> None:
    done = helm.run("lint", "--strict", str(DEMO))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_native_sidecar_is_first_and_starts_before_the_app(helm: Helm) -> None:
    spec = pod_spec(helm.render())
    first = spec["initContainers"][0]
    assert first["name"] == "leader-sidecar"
    assert first["restartPolicy"] == "Always"
    assert first["startupProbe"]["httpGet"] == {"path": "/livez", "port": "leader-probes"}
    assert "lifecycle" not in first
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


def test_pods_meet_the_restricted_standard(helm: Helm) -> None:
    for objects in (helm.render(job__enabled=True), helm.render(sidecar__plainContainer=True)):
        spec = pod_spec(objects)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        assert all(set(one) <= {"name", "projected", "emptyDir", "configMap"} for one in spec["volumes"])
        for one in [*spec.get("initContainers", []), *spec["containers"]]:
            context = one["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] is True
            assert not context.get("privileged")


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


@pytest.mark.parametrize("name", SETTINGS)
def test_the_sidecar_understands_what_the_chart_says(helm4: Helm, name: str) -> None:
    if name in ("renewDeadline", "renewInterval", "stopMargin", "retryPeriod"):
        objects = helm4.render(sidecar__leaseDuration="60s", **{f"sidecar__{name}": SETTINGS[name]})
    else:
        objects = helm4.render(**{f"sidecar__{name}": SETTINGS[name]})
    assert parsed(objects)
