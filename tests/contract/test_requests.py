"""Requests that are no write of a Lease at all: bodies of another place, kind or type, paths and methods of nothing."""

from __future__ import annotations

import json

import pytest

from contract.api import LEASES, Api, assert_status, changed, new_lease


async def test_a_body_for_another_place_is_refused(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    elsewhere = await api.request("POST", api.path(), changed(new_lease("payouts"), namespace="other"))
    wrong = "the namespace of the provided object does not match the namespace sent on the request"
    assert_status(elsewhere, 400, "BadRequest", wrong)
    for body, message in (
        (changed(lease, name="other"), f"the name of the object (other) does not match the name on the URL ({name})"),
        (
            changed(lease, without=("name",)),
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided",
        ),
        (changed(lease, namespace="other"), wrong),
    ):
        assert_status(await api.request("PUT", api.path(name), body), 400, "BadRequest", message)
    assert (await api.put(changed(lease, without=("namespace",)))).status == 200


@pytest.mark.parametrize("data", [b"", b"[]", b'"x"', b"5", b"nonsense", b'{"metadata":{"name":"a"},}', b'{"a":NaN}'])
async def test_a_body_that_is_no_object_is_refused(api: Api, data: bytes) -> None:
    answer = await api.request("POST", api.path(), data=data)
    # What follows is the words of the server's JSON parser.
    start = "the object provided is unrecognized (must be of type Lease): couldn't get version/kind; json parse error: "
    assert answer.message.startswith(start)
    assert_status(answer, 400, "BadRequest", answer.message)


async def test_a_body_of_another_kind_is_refused(api: Api) -> None:
    answer = await api.request("POST", api.path(), {**new_lease("payouts"), "kind": "Pod"})
    start = 'Pod in version "v1" cannot be handled as a Lease: no kind "Pod" is registered for version '
    assert answer.message.startswith(start)
    assert_status(answer, 400, "BadRequest", answer.message)


async def test_only_known_media_types_are_read(api: Api) -> None:
    lease = await api.created()
    for kind, status in (("text/plain", 415), ("application/json; charset=utf-8", 200)):
        path = api.path(lease["metadata"]["name"])
        answer = await api.request("PUT", path, data=json.dumps(lease).encode(), headers={"Content-Type": kind})
        assert answer.status == status
        if status == 415:
            start = "the body of the request was in an unknown format - accepted media types include: application/json"
            assert answer.message.startswith(start)
            assert_status(answer, 415, "UnsupportedMediaType", answer.message)


async def test_too_large_a_body_is_refused(api: Api) -> None:
    lease = await api.created()
    answer = await api.put(changed(lease, annotations={"a": "x" * 3_200_000}))
    assert_status(answer, 413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")


async def test_unknown_paths_and_methods_are_refused(api: Api) -> None:
    nothing = "the server could not find the requested resource"
    assert_status(await api.request("GET", f"{LEASES}/namespaces/x/things/y"), 404, "NotFound", nothing)
    assert_status(await api.request("GET", "/apis/coordination.k8s.io/v9"), 404, "NotFound", nothing)
    no_method = "the server does not allow this method on the requested resource"
    assert_status(await api.request("POST", api.path("a"), {}), 405, "MethodNotAllowed", no_method)
    assert_status(await api.request("PUT", api.path(), {}), 405, "MethodNotAllowed", no_method)
    outside = await api.request("GET", "/nothing")
    assert (outside.status, outside.body) == (404, "404 page not found\n")
