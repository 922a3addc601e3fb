"""What a server says of itself, and whom it answers."""

from __future__ import annotations

from dataclasses import replace

from contract.api import LEASES, Api

UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


async def test_it_says_its_version_and_that_it_is_ready(api: Api) -> None:
    version = (await api.request("GET", "/version")).body
    assert version["major"] == "1"
    assert version["gitVersion"].startswith("v1.")
    for path in ("/readyz", "/livez", "/healthz"):
        answer = await api.request("GET", path)
        assert (answer.status, answer.body) == (200, "ok")


async def test_it_lists_what_it_serves(api: Api) -> None:
    groups = (await api.request("GET", "/apis")).body
    assert groups["kind"] == "APIGroupList"
    found = {group["name"]: group["preferredVersion"]["groupVersion"] for group in groups["groups"]}
    assert found["coordination.k8s.io"] == "coordination.k8s.io/v1"
    assert found["events.k8s.io"] == "events.k8s.io/v1"
    resources = (await api.request("GET", LEASES)).body
    assert resources["kind"] == "APIResourceList"
    [leases] = [resource for resource in resources["resources"] if resource["name"] == "leases"]
    assert (leases["kind"], leases["namespaced"], leases["singularName"]) == ("Lease", True, "lease")
    assert {"create", "delete", "get", "list", "update", "watch"} <= set(leases["verbs"])


async def test_it_reviews_what_the_client_may_do(api: Api) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    attributes = {"namespace": api.namespace, "verb": "get", "group": "coordination.k8s.io", "resource": "leases"}
    answer = await api.request("POST", path, {"spec": {"resourceAttributes": attributes}})
    assert answer.status == 201
    assert answer.body["status"]["allowed"] is True
    assert answer.body["spec"] == {"resourceAttributes": attributes}
    assert (await api.request("POST", path, {"spec": {}})).status == 422


async def test_without_the_right_token_nothing_is_answered(guarded: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        stranger = replace(guarded, headers=headers)
        for path in (stranger.path("payouts"), stranger.path(), "/version"):
            answer = await stranger.request("GET", path)
            assert (answer.status, answer.body) == (401, UNAUTHORIZED)
        assert (await stranger.post("payouts")).status == 401
        async with stranger.watch() as watch:
            assert watch.status == 401
    assert (await guarded.get("payouts")).status == 404
