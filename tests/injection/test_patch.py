"""The patch: what stands where in the pod afterwards, that a second run changes nothing, and which pods are left."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injection.pods import OWN_NAMESPACE, RENDERED, TEMPLATE, UNHURRIED, decide, inject, make_pod, sidecar_of
from leader_sidecar.operator.injection.patch import Patch, Skipped, patch_pod
from leader_sidecar.operator.injection.template import Template


def test_the_native_sidecar_stands_first_and_is_the_charts_own() -> None:
    pod = make_pod()
    pod["spec"]["initContainers"] = [{"name": "migrate", "image": "your-app"}]
    first, second = inject(pod)["spec"]["initContainers"]
    assert second["name"] == "migrate"
    assert first == RENDERED["container"] | {"args": ["run", "--election=payouts"]}


def test_the_token_is_mounted_into_the_sidecar_alone_and_other_volumes_stay() -> None:
    pod = make_pod()
    pod["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    spec = inject(pod)["spec"]
    assert spec["volumes"] == [{"name": "data", "emptyDir": {}}, RENDERED["volume"]]
    assert "volumeMounts" not in spec["containers"][0]


def test_every_app_container_is_told_where_to_ask_before_its_own_variables() -> None:
    pod = make_pod(listen="127.0.0.1:9090")
    own = {"name": "URL", "value": "$(LEADER_URL)/leader"}
    chosen = {"name": "LEADER_URL", "value": "http://localhost:1"}
    pod["spec"]["containers"] = [
        {"name": "app", "image": "a"},
        {"name": "worker", "image": "a", "env": [own]},
        {"name": "odd", "image": "a", "env": [chosen]},
    ]
    app, worker, odd = inject(pod)["spec"]["containers"]
    told = {"name": "LEADER_URL", "value": "http://127.0.0.1:9090"}
    assert app["env"] == [told]
    assert worker["env"] == [told, own]
    assert odd["env"] == [chosen]


def test_an_injected_pod_says_so() -> None:
    assert inject(make_pod())["metadata"]["labels"]["leader-sidecar.io/injected"] == "true"


def test_a_plain_container_stands_beside_the_app() -> None:
    spec = inject(make_pod(plain_container="true"))["spec"]
    assert "initContainers" not in spec
    app, beside = spec["containers"]
    assert beside["name"] == "leader-sidecar"
    assert "restartPolicy" not in beside
    assert "--plain-container=true" in beside["args"]
    assert app["env"] == [RENDERED["env"]]
    assert "env" in beside
    assert RENDERED["env"] not in beside["env"]


def test_a_container_that_another_webhook_added_is_told_when_it_is_run_again() -> None:
    once = inject(make_pod())
    once["spec"]["containers"].append({"name": "proxy", "image": "mesh"})
    once["spec"]["initContainers"].insert(0, {"name": "mesh-init", "image": "mesh"})
    outcome = decide(once)
    assert isinstance(outcome, Patch)
    assert outcome.operations == ({"op": "add", "path": "/spec/containers/1/env", "value": [RENDERED["env"]]},)


@pytest.mark.parametrize("label", [None, "false"])
def test_a_pod_that_does_not_ask_is_left_alone(label: str | None) -> None:
    assert decide(make_pod(label, lease_duration="nonsense")) == Patch(())


@pytest.mark.parametrize("namespace", ["kube-system", OWN_NAMESPACE])
def test_pods_of_the_cluster_and_of_the_operator_are_skipped(namespace: str) -> None:
    outcome = patch_pod(make_pod(), namespace, TEMPLATE, None, OWN_NAMESPACE)
    assert isinstance(outcome, Skipped)
    assert namespace in outcome.reason


def test_a_pod_on_the_nodes_network_is_skipped_even_with_wrong_settings() -> None:
    pod = make_pod(lease_duration="nonsense")
    pod["spec"]["hostNetwork"] = True
    outcome = decide(pod)
    assert isinstance(outcome, Skipped)
    assert "hostNetwork" in outcome.reason


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {**RENDERED, "volume": None},
        {**RENDERED, "container": {"name": "leader-sidecar", "args": ["run"]}},
        {**RENDERED, "container": {**RENDERED["container"], "args": ["status"]}},
    ],
)
def test_a_template_that_is_no_native_sidecar_is_refused_at_start(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^has (no|a) container"):
        Template.of(broken)


NAMES = st.sampled_from(["app", "worker", "migrate", "proxy", "leader-sidecar"])
VARIABLES = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["LEADER_URL", "HOME", "X"]), "value": st.text(max_size=4)}),
    max_size=3,
    unique_by=lambda one: one["name"],
)


def containers(least: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries({"name": NAMES, "image": st.just("a")}, optional={"env": VARIABLES})
    return st.lists(one, min_size=least, max_size=4, unique_by=lambda each: each["name"])


@st.composite
def any_pod(draw: st.DrawFn) -> dict[str, Any]:
    """A pod as other webhooks, people and an earlier run may have left it."""
    settings = {"listen": "localhost:9090", "plain_container": "true", "lease_duration": "20s", "events": "no"}
    chosen = draw(st.sets(st.sampled_from(sorted(settings))))
    pod = make_pod(draw(st.sampled_from(["true", "payouts"])), **{name: settings[name] for name in chosen})
    pod["spec"]["containers"] = draw(containers(1))
    names = {one["name"] for one in pod["spec"]["containers"]}
    if draw(st.booleans()):
        pod["spec"]["initContainers"] = [one for one in draw(containers(0)) if one["name"] not in names]
    if draw(st.booleans()):
        volumes = draw(st.sets(st.sampled_from(["data", "leader-sidecar-token"])))
        pod["spec"]["volumes"] = [{"name": name, "emptyDir": {}} for name in sorted(volumes)]
    return pod


@UNHURRIED
@given(any_pod())
def test_a_second_run_changes_nothing_and_nothing_that_was_there_is_lost(pod: dict[str, Any]) -> None:
    once = inject(copy.deepcopy(pod), {})
    assert decide(once, {}) == Patch(())
    for key in ("containers", "initContainers", "volumes"):
        left = [one["name"] for one in once["spec"].get(key, [])]
        assert [name for name in left if name in {one["name"] for one in pod["spec"].get(key, [])}] == [
            one["name"] for one in pod["spec"].get(key, [])
        ]
        assert len(left) == len(set(left))
    for one in once["spec"]["containers"]:
        names = [variable["name"] for variable in one.get("env", [])]
        assert one["name"] == "leader-sidecar" or names.count("LEADER_URL") == 1
    sidecar_of(once)
