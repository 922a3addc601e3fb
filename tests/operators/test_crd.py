"""The CRD and the sidecar give the same verdict on timings, and have the same defaults and the same syntax."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from chart.test_lemma import GRID, NEAR, accepted_by_sidecar
from cluster.rest import RestError
from leader_sidecar.operator.resource import read_resource
from leader_sidecar.runtime.setting_table import TIMING_SETTINGS
from operators.cluster import FILES, Cluster

# A tenth of the grid, in steps that fall into no rhythm of its axes.
SAMPLE = GRID[::11]


def schema() -> dict[str, Any]:
    """Return the schema of the resource's spec."""
    definition = yaml.safe_load((FILES / "leaderelections.yaml").read_text())
    (version,) = definition["spec"]["versions"]
    properties: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]
    return dict(properties["spec"])


def test_every_timing_of_the_sidecar_is_a_field_with_the_same_default() -> None:
    fields = schema()["properties"]
    for setting in TIMING_SETTINGS:
        assert str(fields[setting.chart_value]["default"]) == setting.default
    patterns = {fields[setting.chart_value].get("pattern") for setting in TIMING_SETTINGS}
    assert patterns == {r"^[0-9]{1,12}(\.[0-9]{1,9})?(ms|s|m)$", None}


def test_what_is_read_from_a_resource_of_another_version_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="upgrade its CRD"):
        read_resource({"metadata": {"name": "payouts"}, "spec": {}})


@pytest.mark.apiserver
class TestOnAnApiServer:
    """What the API server makes of it."""

    def test_crd_and_sidecar_give_the_same_verdict_over_a_grid(self, cluster: Cluster) -> None:
        differ = []
        said: dict[bool, int] = {True: 0, False: 0}
        with cluster.api.admin.kept_open() as ask:
            for case in SAMPLE:
                verdict = not refusal(ask, case.values)
                said[verdict] += 1
                if verdict != accepted_by_sidecar(case):
                    differ.append(case)
        assert [case for case in differ if min(abs(case.slack), abs(case.room)) > NEAR] == []
        assert min(said.values()) > 10, said

    @pytest.mark.parametrize(
        ("spec", "sentence"),
        [
            ({"leaseDuration": "12s"}, "two leaders could overlap; raise leaseDuration or lower renewDeadline"),
            ({"leaseDuration": "15.5s"}, "leaseDuration 15.5s must be whole seconds, 1s or more"),
            ({"leaseDuration": "61m"}, "is over an hour: a crash would leave no leader that long"),
            ({"renewInterval": "9s"}, "leaves no room for two retries of 1s within renewDeadline 10s"),
            ({"stopMargin": "2"}, "should match"),
            ({"leaderLabel": False, "service": {"enabled": True}}, "the Service finds the leader by its label"),
            ({"adopt": True, "leaseDeletionPolicy": "Delete"}, "an adopted Lease is never deleted"),
        ],
    )
    def test_a_refusal_says_what_is_wrong_in_a_sentence(
        self, cluster: Cluster, spec: dict[str, Any], sentence: str
    ) -> None:
        with cluster.api.admin.kept_open() as ask:
            assert sentence in refusal(ask, spec)

    @pytest.mark.parametrize(
        ("name", "spec", "sentence"),
        [
            ("a" * 64, {}, "a name of over 63 characters cannot be part of a label"),
            ("pay.outs", {"service": {"enabled": True}}, "the name is part of a Service's"),
            ("a" * 63, {}, ""),
            ("pay.outs", {}, ""),
        ],
    )
    def test_a_name_that_no_label_or_service_could_carry_is_refused(
        self, cluster: Cluster, name: str, spec: dict[str, Any], sentence: str
    ) -> None:
        with cluster.api.admin.kept_open() as ask:
            said = refusal(ask, spec, name)
        assert sentence in said
        assert bool(said) is bool(sentence)


def refusal(ask: Any, spec: dict[str, Any], name: str = "payouts") -> str:
    """Try a resource without making it. Returns: what the API server says, "" where it would take it."""
    body = {"apiVersion": "leader-sidecar.io/v1alpha1", "kind": "LeaderElection", "metadata": {"name": name}}
    try:
        path = "/apis/leader-sidecar.io/v1alpha1/namespaces/default/leaderelections?dryRun=All"
        ask("POST", path, {**body, "spec": spec})
    except RestError as error:
        return str(error)
    return ""
