"""Creating, replacing and deleting Leases: which request is taken, which is refused, and with which words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contract.api import Answer, Api, assert_status, changed, lease_details, new_lease, version_of

OTHER_UID = "00000000-0000-0000-0000-000000000000"
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
NO_VERSION = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"


def assert_conflict(answer: Answer, name: str, why: str) -> None:
    assert_status(
        answer, 409, "Conflict", f'Operation cannot be fulfilled on leases.coordination.k8s.io "{name}": {why}'
    )
    assert answer.body["details"] == lease_details(name)


def wrong_uid(api: Api, name: str, uid: str, found: str) -> str:
    return (
        f"StorageError: invalid object, Code: 4, Key: /registry/leases/{api.namespace}/{name}, ResourceVersion: 0, "
        f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
    )


async def test_post_without_spec_makes_an_unheld_lease(api: Api) -> None:
    answer = await api.post("payouts")
    assert answer.status == 201
    metadata = answer.body["metadata"]
    assert answer.body == {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {
            "name": "payouts",
            "namespace": api.namespace,
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {},
    }
    assert len(metadata["uid"]) == 36
    assert metadata["creationTimestamp"].endswith("Z")
    assert answer.version > 0
    assert (await api.get("payouts")).body == answer.body


async def test_post_needs_no_kind_and_gives_the_uid_itself(api: Api) -> None:
    answer = await api.request("POST", api.path(), {"metadata": {"name": "payouts", "uid": OTHER_UID}})
    assert answer.status == 201
    assert answer.body["metadata"]["uid"] != OTHER_UID


@pytest.mark.parametrize("prefix", ["payouts-", "payouts", "x" * 70])
async def test_post_makes_a_name_from_generate_name(api: Api, prefix: str) -> None:
    answer = await api.request("POST", api.path(), {"metadata": {"generateName": prefix, "name": ""}})
    assert answer.status == 201
    assert re.fullmatch(prefix[:58] + "[bcdfghjklmnpqrstvwxz2456789]{5}", answer.body["metadata"]["name"])
    assert answer.body["metadata"]["generateName"] == prefix


async def test_post_of_a_taken_name_is_refused(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    answer = await api.post(name)
    assert_status(answer, 409, "AlreadyExists", f'leases.coordination.k8s.io "{name}" already exists')
    assert answer.body["details"] == lease_details(name)


async def test_post_with_a_resource_version_is_refused(api: Api) -> None:
    answer = await api.request("POST", api.path(), changed(new_lease("payouts"), resourceVersion="5"))
    assert_status(answer, 500, "", "resourceVersion should not be set on objects to be created")


async def test_get_of_a_missing_lease_is_not_found(api: Api) -> None:
    answer = await api.get("nobody")
    assert_status(answer, 404, "NotFound", 'leases.coordination.k8s.io "nobody" not found')
    assert answer.body["details"] == lease_details("nobody")


async def test_put_replaces_the_whole_spec_and_spends_a_version(api: Api) -> None:
    lease = await api.created(holderIdentity="a", leaseDurationSeconds=15)
    answer = await api.put({**lease, "spec": {"holderIdentity": "b"}})
    assert answer.status == 200
    assert answer.body["spec"] == {"holderIdentity": "b"}
    assert answer.version > version_of(lease)
    assert answer.body == (await api.get(lease["metadata"]["name"])).body


async def test_put_without_version_is_refused(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    for unset in (changed(lease, without=("resourceVersion",)), changed(lease, resourceVersion="0")):
        answer = await api.put(unset)
        assert_status(answer, 422, "Invalid", f'leases.coordination.k8s.io "{name}" is invalid: {NO_VERSION}')
        field, message = NO_VERSION.split(": ", 1)
        cause = {"reason": "FieldValueInvalid", "message": message, "field": field}
        assert answer.body["details"] == {**lease_details(name), "causes": [cause]}


async def test_put_with_a_stale_version_is_refused(api: Api) -> None:
    lease = await api.created()
    await api.written(lease, holderIdentity="first")
    answer = await api.put({**lease, "spec": {"holderIdentity": "second"}})
    assert_conflict(answer, lease["metadata"]["name"], MODIFIED)
    assert (await api.get(lease["metadata"]["name"])).body["spec"] == {"holderIdentity": "first"}


async def test_put_with_a_version_of_the_future_is_refused(api: Api) -> None:
    lease = await api.created()
    answer = await api.put(changed(lease, resourceVersion=str(version_of(lease) + 1_000_000)))
    assert_conflict(answer, lease["metadata"]["name"], MODIFIED)


@pytest.mark.parametrize(
    ("version", "fault"),
    [("abc", "invalid syntax"), ("-1", "invalid syntax"), (str(2**64), "value out of range")],
)
async def test_put_with_a_garbled_version_is_an_error(api: Api, version: str, fault: str) -> None:
    lease = await api.created()
    answer = await api.put(changed(lease, resourceVersion=version))
    assert_status(answer, 500, "", f'strconv.ParseUint: parsing "{version}": {fault}')


async def test_put_with_a_wrong_uid_is_refused(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    why = wrong_uid(api, name, OTHER_UID, lease["metadata"]["uid"])
    assert_conflict(await api.put(changed(lease, uid=OTHER_UID)), name, why)
    # The uid is told of first.
    assert_conflict(await api.put(changed(lease, uid=OTHER_UID, resourceVersion="1")), name, why)


async def test_put_without_uid_is_taken(api: Api) -> None:
    lease = await api.created()
    answer = await api.put({**changed(lease, without=("uid",)), "spec": {"holderIdentity": "a"}})
    assert answer.status == 200
    assert answer.body["metadata"]["uid"] == lease["metadata"]["uid"]


@pytest.mark.parametrize("metadata", [{"resourceVersion": "7"}, {}])
async def test_put_to_a_missing_lease_without_uid_creates_it(api: Api, metadata: dict[str, Any]) -> None:
    answer = await api.put(changed(new_lease("payouts", holderIdentity="a"), **metadata))
    assert answer.status == 201
    assert answer.body["spec"] == {"holderIdentity": "a"}
    assert answer.body["metadata"]["resourceVersion"] != "7"
    assert (await api.get("payouts")).body == answer.body


@pytest.mark.parametrize("metadata", [{"resourceVersion": "7"}, {}])
async def test_put_to_a_missing_lease_with_uid_is_refused(api: Api, metadata: dict[str, Any]) -> None:
    answer = await api.put(changed(new_lease("payouts", holderIdentity="a"), uid=OTHER_UID, **metadata))
    assert_conflict(answer, "payouts", wrong_uid(api, "payouts", OTHER_UID, ""))
    assert (await api.get("payouts")).status == 404


async def test_put_that_changes_nothing_answers_the_old_version(api: Api) -> None:
    lease = await api.created(holderIdentity="a", renewTime="2026-01-02T03:04:05.000006Z")
    answer = await api.put(lease)
    assert answer.status == 200
    assert answer.body == lease
    same_instant = {**lease, "spec": {**lease["spec"], "renewTime": "2026-01-02T05:04:05.000006+02:00"}}
    assert (await api.put(same_instant)).version == version_of(lease)


async def test_put_cannot_change_what_the_server_owns(api: Api) -> None:
    lease = await api.created()
    answer = await api.put(changed(lease, creationTimestamp="2001-01-01T00:00:00Z"))
    assert answer.status == 200
    assert answer.body == lease


async def test_what_a_put_carries_of_others_stays(api: Api) -> None:
    lease = await api.created()
    foreign: dict[str, Any] = {
        "labels": {"team": "payments"},
        "annotations": {"example.com/note": "kept", "leader-sidecar.io/fencing-token": "41"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "payouts-0", "uid": OTHER_UID}],
    }
    marked = (await api.put(changed(lease, **foreign))).body
    renewed = await api.written(marked, holderIdentity="a")
    assert {key: renewed["metadata"][key] for key in foreign} == foreign


async def test_what_a_put_leaves_out_of_metadata_is_gone(api: Api) -> None:
    marked = (
        await api.put(changed(await api.created(), annotations={"example.com/note": "x"}, labels={"a": "b"}))
    ).body
    bare = (await api.put(changed(marked, without=("annotations", "labels")))).body
    assert "annotations" not in bare["metadata"]
    assert "labels" not in bare["metadata"]
    assert version_of(bare) > version_of(marked)


async def test_unknown_fields_are_dropped_with_a_warning(api: Api) -> None:
    lease = await api.created(holderIdentity="a")
    unknown = {**lease, "spec": {**lease["spec"], "colour": "blue"}}
    answer = await api.put(unknown)
    assert answer.status == 200
    assert answer.body == lease
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.colour\\""'
    refused = await api.request("PUT", f"{api.path(lease['metadata']['name'])}?fieldValidation=Strict", unknown)
    wrong = 'Lease in version "v1" cannot be handled as a Lease: strict decoding error: unknown field "spec.colour"'
    assert_status(refused, 400, "BadRequest", wrong)


async def test_null_fields_are_absent_fields(api: Api) -> None:
    lease = await api.created(holderIdentity="a", leaseDurationSeconds=15, leaseTransitions=1)
    emptied = await api.written(lease, holderIdentity=None, leaseDurationSeconds=None, leaseTransitions=None)
    assert emptied["spec"] == {}
    assert (await api.put({**emptied, "spec": None})).version == version_of(emptied)


async def test_an_empty_holder_is_a_value(api: Api) -> None:
    lease = await api.created(holderIdentity="a", leaseDurationSeconds=15)
    released = await api.written(lease, holderIdentity="", leaseDurationSeconds=1)
    assert released["spec"] == {"holderIdentity": "", "leaseDurationSeconds": 1}


async def test_delete_answers_whom_it_deleted(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    answer = await api.delete(name)
    assert answer.status == 200
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    assert answer.body == {**head, "details": {**lease_details(name), "uid": lease["metadata"]["uid"]}}
    assert_status(await api.delete(name), 404, "NotFound", f'leases.coordination.k8s.io "{name}" not found')


async def test_delete_keeps_to_its_preconditions(api: Api) -> None:
    lease = await api.created()
    name, uid = lease["metadata"]["name"], lease["metadata"]["uid"]
    answer = await api.request("DELETE", api.path(name), {"preconditions": {"uid": OTHER_UID}})
    message = (
        f'Operation cannot be fulfilled on Lease.coordination.k8s.io "{name}": the UID in the precondition '
        f"({OTHER_UID}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
    )
    assert_status(answer, 409, "Conflict", message)
    assert (await api.request("DELETE", api.path(name), {"preconditions": {"uid": uid}})).status == 200
