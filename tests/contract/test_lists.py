"""Lists of Leases, and the selectors that choose among them."""

from __future__ import annotations

import pytest

from contract.api import LEASES, Answer, Api


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def test_a_list_has_kind_version_and_items_by_name(api: Api) -> None:
    for name in ("b", "c", "a"):
        await api.post(name, holderIdentity=name)
    answer = await api.request("GET", api.path())
    assert {key: answer.body[key] for key in ("kind", "apiVersion")} == {
        "kind": "LeaseList",
        "apiVersion": "coordination.k8s.io/v1",
    }
    assert names(answer) == ["a", "b", "c"]
    item = answer.body["items"][0]
    assert item.keys() == {"metadata", "spec"}
    assert item["spec"] == {"holderIdentity": "a"}


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("metadata.name=a", ["a"]),
        ("metadata.name==a", ["a"]),
        ("metadata.name!=a", ["b"]),
        ("metadata.name=a,metadata.name=b", []),
        ("metadata.name=nobody", []),
        ("metadata.namespace!=nowhere", ["a", "b"]),
    ],
)
async def test_a_selector_chooses_by_name_and_namespace(api: Api, selector: str, chosen: list[str]) -> None:
    for name in ("a", "b"):
        await api.post(name)
    assert names(await api.request("GET", f"{api.path()}?fieldSelector={selector}")) == chosen


async def test_leases_of_all_namespaces_can_be_listed_by_namespace(api: Api) -> None:
    await api.post("a")
    assert names(await api.request("GET", f"{LEASES}/leases?fieldSelector=metadata.namespace={api.namespace}")) == ["a"]
    assert "a" in names(await api.request("GET", f"{LEASES}/leases"))


async def test_an_empty_list_has_no_items(api: Api) -> None:
    answer = await api.request("GET", api.path())
    assert answer.body["items"] == []


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        (
            "fieldSelector=spec.holderIdentity=a",
            400,
            '"spec.holderIdentity" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("fieldSelector=garbage", 400, "invalid selector: 'garbage'; can't understand 'garbage'"),
        (
            "resourceVersion=abc",
            400,
            'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": '
            "invalid syntax",
        ),
    ],
)
async def test_a_query_that_is_not_understood_is_refused(api: Api, query: str, status: int, message: str) -> None:
    answer = await api.request("GET", f"{api.path()}?{query}")
    assert (answer.status, answer.message) == (status, message)


async def test_a_list_at_a_version_of_the_future_is_a_timeout(api: Api) -> None:
    answer = await api.request("GET", f"{api.path()}?resourceVersion=999999999")
    assert answer.status == 504
    assert answer.message.startswith("Timeout: Too large resource version: 999999999, current: ")
    assert answer.body["reason"] == "Timeout"
