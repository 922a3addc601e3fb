"""What a pod asks for: every annotation is a flag, the label names the election, and what is wrong is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injection.pods import ELECTION, TEMPLATE, UNHURRIED, decide, inject, make_pod, refusal, sidecar_of
from leader_sidecar.core.timing import Timing
from leader_sidecar.operator.injection.asked import Faults
from leader_sidecar.operator.injection.patch import Patch
from leader_sidecar.operator.injection.template import SHARED, Template
from leader_sidecar.runtime.settings import Settings, parse

ANNOTATIONS = {
    "election": "payouts,other/reports",
    "lease_duration": "30s",
    "renew_deadline": "20s",
    "renew_interval": "7500ms",
    "retry_period": "2s",
    "stop_margin": "3s",
    "max_drift": "0.01",
    "listen": "127.0.0.1:8088",
    "probe_listen": "0.0.0.0:8089",
    "token_floor": "9007199254740000",
    "create_lease": "yes",
    "ready_when_leader": "on",
    "events": "false",
    "plain_container": "true",
    "log_format": "text",
    "log_level": "debug",
}


def read_by_the_sidecar(pod: dict[str, Any]) -> Settings:
    """Let the sidecar's own process read the arguments it would be started with."""
    command, *arguments = sidecar_of(pod)["args"]
    assert command == "run"
    uid = "0b1c2d3e-0000-4000-8000-000000000001"
    return parse(arguments, {"POD_NAME": "payouts-0", "POD_NAMESPACE": "pay", "POD_UID": uid})


def test_there_is_an_annotation_for_every_setting() -> None:
    assert {setting.key for setting in SHARED} == set(ANNOTATIONS)


def test_every_annotation_is_the_flag_of_the_same_name() -> None:
    pod = inject(make_pod(**ANNOTATIONS))
    arguments = sidecar_of(pod)["args"][1:]
    assert sorted(arguments) == sorted(f"--{name.replace('_', '-')}={text}" for name, text in ANNOTATIONS.items())
    read = read_by_the_sidecar(pod)
    assert [str(one) for one in read.elections] == ["pay/payouts", "other/reports"]
    assert read.timing == Timing(30, 20.0, 7.5, 2.0, 3.0, 0.01)
    assert (str(read.listen), str(read.probe_listen)) == ("127.0.0.1:8088", "0.0.0.0:8089")
    assert (read.token_floor, read.create_lease, read.ready_when_leader) == (9007199254740000, True, True)
    assert (read.events, read.plain_container, read.log_format, read.log_level) == (False, True, "text", "debug")
    assert sidecar_of(pod)["ports"] == [{"name": "leader-probes", "containerPort": 8089}]


def test_a_named_election_brings_its_timings_and_annotations_change_them() -> None:
    read = read_by_the_sidecar(inject(make_pod("payouts", stop_margin="4s"), ELECTION))
    assert [str(one) for one in read.elections] == ["pay/payouts"]
    assert read.timing == Timing(30, 20.0, 7.5, 2.0, 4.0, 0.000001)


def test_the_charts_settings_come_last() -> None:
    container = {**TEMPLATE.container, "args": ["run", "--election=x", "--lease-duration=60s", "--log-level=debug"]}
    template = Template(container, TEMPLATE.volume, TEMPLATE.variable)
    pod = inject(make_pod("payouts"), {"leaseDuration": "20s"}, template)
    assert sidecar_of(pod)["args"] == ["run", "--election=payouts", "--lease-duration=20s", "--log-level=debug"]


def test_a_named_election_that_does_not_exist_is_a_fault() -> None:
    (sentence,) = refusal(make_pod("payouts"), None)
    assert "no LeaderElection 'payouts' in namespace 'pay'" in sentence


def test_label_and_annotation_may_not_name_two_elections() -> None:
    pod = make_pod("payouts")
    pod["metadata"]["annotations"] = {"leader-sidecar.io/election": "reports"}
    (sentence,) = refusal(pod, {})
    assert "name two elections" in sentence
    pod["metadata"]["annotations"] = {"leader-sidecar.io/election": "payouts"}
    assert sidecar_of(inject(pod, {}))["args"] == ["run", "--election=payouts"]


@pytest.mark.parametrize(
    ("owner", "election"),
    [
        ({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "payouts-6d4cf56db6"}, "payouts"),
        ({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "payouts"}, "payouts"),
        ({"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "payouts"}, "payouts"),
        ({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "payouts-0000000000"}, ""),
        ({"apiVersion": "batch/v1", "kind": "Job", "name": "payouts-29123456"}, ""),
        ({"apiVersion": "example.com/v1", "kind": "StatefulSet", "name": "payouts"}, ""),
        (None, ""),
    ],
)
def test_the_workload_names_the_election_where_all_its_pods_say_the_same(
    owner: dict[str, Any] | None, election: str
) -> None:
    pod = make_pod(election=None)
    pod["metadata"]["labels"]["pod-template-hash"] = "6d4cf56db6"
    if owner is not None:
        pod["metadata"]["ownerReferences"] = [{**owner, "uid": "1", "controller": True}]
    if election:
        assert sidecar_of(inject(pod))["args"] == ["run", f"--election={election}"]
    else:
        assert refusal(pod) == (
            "its owner does not say which election is meant: set the annotation leader-sidecar.io/election",
        )


@pytest.mark.parametrize(
    ("annotations", "sentence"),
    [
        ({"lease_duration": "15"}, "--lease-duration '15' (from annotation leader-sidecar.io/lease-duration) is not a"),
        ({"lease_duration": ""}, "--lease-duration '' (from annotation leader-sidecar.io/lease-duration) is not a"),
        ({"lease_duration": "12s"}, "two leaders could overlap"),
        ({"max_drift": "5%"}, "is not a ratio"),
        ({"events": "perhaps"}, "is neither true nor false"),
        ({"listen": "0.0.0.0:8080"}, "is not loopback"),
        ({"listen": "localhost:8081"}, "want the same port"),
        ({"election": "Payouts"}, "is not a DNS-1123 subdomain"),
        ({"election": ""}, "is not [NAMESPACE/]NAME"),
        ({"log_level": "loud"}, "is unknown"),
        ({"lease_durtion": "15s"}, "unknown annotation leader-sidecar.io/lease-durtion: did you mean"),
        ({"pod_name": "x"}, "unknown annotation leader-sidecar.io/pod-name"),
    ],
)
def test_a_wrong_value_is_told_with_its_annotation_and_the_fix(annotations: dict[str, str], sentence: str) -> None:
    (told,) = refusal(make_pod(**annotations))
    assert sentence in told


def test_all_faults_are_told_at_once() -> None:
    assert len(refusal(make_pod(election=None, lease_duration="x", listen="y", colour="red"))) == 4


def test_an_empty_label_is_a_fault() -> None:
    (sentence,) = refusal(make_pod(""))
    assert "is empty" in sentence


@pytest.mark.parametrize(("port", "annotation"), [(8080, "listen"), (8081, "probe-listen")])
def test_a_port_that_the_app_listens_on_is_told_with_the_annotation_that_moves_the_sidecar(
    port: int, annotation: str
) -> None:
    pod = make_pod()
    pod["spec"]["containers"][0]["ports"] = [{"containerPort": 80}, {"containerPort": port}]
    (sentence,) = refusal(pod)
    assert f"port {port}" in sentence
    assert f"leader-sidecar.io/{annotation}" in sentence
    moved = make_pod(**{annotation: "localhost:9090" if annotation == "listen" else ":9090"})
    moved["spec"] = pod["spec"]
    assert isinstance(decide(moved), Patch)


TEXTS = st.text("0159smx.:/-, é", max_size=8) | st.sampled_from(["1s", "20s", "on", "localhost:9090", ":9091"])


@UNHURRIED
@given(st.dictionaries(st.sampled_from(sorted(ANNOTATIONS)), TEXTS), st.sampled_from(["true", "payouts"]))
def test_the_sidecar_takes_whatever_was_not_refused(annotations: dict[str, str], label: str) -> None:
    pod = make_pod(label, **annotations)
    outcome = decide(pod, {})
    if isinstance(outcome, Faults):
        assert all(outcome.sentences)
    else:
        read_by_the_sidecar(inject(pod, {}))
