"""Kubernetes Events about an election: posted through one API, readable through both."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contract.api import Api


def paths(api: Api) -> tuple[str, str]:
    """Return where Events are posted and listed: `events.k8s.io/v1`, and core `v1`."""
    return f"/apis/events.k8s.io/v1/namespaces/{api.namespace}/events", f"/api/v1/namespaces/{api.namespace}/events"


def new_event(api: Api, **changes: Any) -> dict[str, Any]:
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "payouts.1"},
        "eventTime": "2026-01-02T03:04:05.123456Z",
        "reportingController": "leader-sidecar.io/leader-sidecar",
        "reportingInstance": "payouts-0",
        "action": "Elect",
        "reason": "LeaderElection",
        "type": "Normal",
        "note": "payouts-0 became leader, token=418",
        "regarding": {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": api.namespace,
            "name": "payouts",
        },
    }
    return {key: value for key, value in {**event, **changes}.items() if value is not None}


def core_event(api: Api, **changes: Any) -> dict[str, Any]:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "payouts.2"},
        "involvedObject": new_event(api)["regarding"],
        "reason": "LeaderElection",
        "message": "payouts-0 stopped leading",
        "type": "Normal",
        "source": {"component": "leader-sidecar"},
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "count": 1,
    }
    return {**event, **changes}


async def test_an_event_is_kept_and_told_through_both_apis(api: Api) -> None:
    new_path, core_path = paths(api)
    posted = await api.request("POST", new_path, new_event(api))
    assert posted.status == 201
    sent = new_event(api)
    assert {key: posted.body[key] for key in sent if key != "metadata"} == {
        key: value for key, value in sent.items() if key != "metadata"
    }
    assert (await api.request("GET", f"{new_path}/payouts.1")).body["note"] == sent["note"]
    core = (await api.request("GET", f"{core_path}/payouts.1")).body
    assert (core["kind"], core["apiVersion"]) == ("Event", "v1")
    assert core["message"] == sent["note"]
    assert core["involvedObject"] == sent["regarding"]
    assert core["reportingComponent"] == sent["reportingController"]
    listed = (await api.request("GET", core_path)).body
    assert (listed["kind"], [item["message"] for item in listed["items"]]) == ("EventList", [sent["note"]])


async def test_a_core_event_is_kept_and_told_through_both_apis(api: Api) -> None:
    new_path, core_path = paths(api)
    sent = core_event(api)
    posted = await api.request("POST", core_path, sent)
    assert posted.status == 201
    assert posted.body["message"] == sent["message"]
    listed = (await api.request("GET", new_path)).body
    [found] = listed["items"]
    assert listed["apiVersion"] == "events.k8s.io/v1"
    assert found["note"] == sent["message"]
    assert found["regarding"] == sent["involvedObject"]
    assert found["deprecatedSource"] == sent["source"]
    assert found["deprecatedCount"] == 1


async def test_an_event_gets_a_name_from_generate_name(api: Api) -> None:
    for path, event in zip(paths(api), (new_event(api), core_event(api)), strict=True):
        names = set()
        for _ in range(2):
            posted = await api.request("POST", path, {**event, "metadata": {"generateName": "payouts-"}})
            assert posted.status == 201
            name = posted.body["metadata"]["name"]
            assert re.fullmatch("payouts-[bcdfghjklmnpqrstvwxz2456789]{5}", name)
            assert (await api.request("GET", f"{path}/{name}")).status == 200
            names.add(name)
        assert len(names) == 2


async def test_an_event_needs_a_name_or_a_prefix_of_one(api: Api) -> None:
    answer = await api.request("POST", paths(api)[0], new_event(api, metadata={}))
    rule = "Required value: name or generateName is required"
    assert (answer.status, answer.message) == (422, f'Event "" is invalid: metadata.name: {rule}')
    cause = {"reason": "FieldValueRequired", "message": rule, "field": "metadata.name"}
    assert answer.body["details"] == {"kind": "Event", "causes": [cause]}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"metadata": {"name": 5}}, "number into Go struct field ObjectMeta.metadata.name of type string"),
        ({"metadata": []}, "array into Go struct field Event.metadata of type v1.ObjectMeta"),
        ({"note": 5}, "number into Go struct field Event.note of type string"),
        ({"regarding": "payouts"}, "string into Go struct field Event.regarding of type v1.ObjectReference"),
    ],
)
async def test_an_event_with_a_wrong_type_is_refused(api: Api, changes: dict[str, Any], fault: str) -> None:
    answer = await api.request("POST", paths(api)[0], new_event(api, **changes))
    wrong = f'Event in version "v1" cannot be handled as a Event: json: cannot unmarshal {fault}'
    assert (answer.status, answer.message) == (400, wrong)


async def test_an_event_of_a_taken_name_is_refused(api: Api) -> None:
    new_path, _ = paths(api)
    await api.request("POST", new_path, new_event(api))
    answer = await api.request("POST", new_path, new_event(api))
    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.message == 'events.events.k8s.io "payouts.1" already exists'


@pytest.mark.parametrize(
    ("changes", "field", "fault"),
    [
        ({"eventTime": None}, "eventTime", "Required value"),
        ({"reportingInstance": None}, "reportingInstance", "Required value"),
        ({"action": None}, "action", "Required value"),
        ({"reason": None}, "reason", "Required value"),
        ({"type": "Odd"}, "type", 'Invalid value: "": has invalid value: Odd'),
        ({"note": "x" * 1025}, "message", 'Invalid value: "": can have at most 1024 characters'),
        ({"regarding": None}, "involvedObject.namespace", 'Invalid value: "": does not match event.namespace'),
    ],
)
async def test_an_event_that_lacks_something_is_refused(
    api: Api, changes: dict[str, Any], field: str, fault: str
) -> None:
    answer = await api.request("POST", paths(api)[0], new_event(api, **changes))
    assert answer.status == 422
    assert answer.message == f'Event "payouts.1" is invalid: {field}: {fault}'


async def test_a_core_event_about_another_namespace_is_refused(api: Api) -> None:
    about = {**new_event(api)["regarding"], "namespace": "elsewhere"}
    answer = await api.request("POST", paths(api)[1], core_event(api, involvedObject=about))
    assert answer.status == 422
    fault = 'involvedObject.namespace: Invalid value: "elsewhere": does not match event.namespace'
    assert answer.message == f'Event "payouts.2" is invalid: {fault}'


async def test_an_event_without_microseconds_is_refused(api: Api) -> None:
    answer = await api.request("POST", paths(api)[0], new_event(api, eventTime="2026-01-02T03:04:05Z"))
    assert answer.status == 400
    assert answer.message.startswith('Event in version "v1" cannot be handled as a Event: parsing time ')


async def test_a_missing_event_is_not_found(api: Api) -> None:
    answer = await api.request("GET", f"{paths(api)[1]}/nothing")
    assert (answer.status, answer.message) == (404, 'events "nothing" not found')
