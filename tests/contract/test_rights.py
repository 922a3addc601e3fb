"""What RBAC lets an elector do: a property of the real server, which the development server does not have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from contract.api import LEASES, Api, changed, new_lease, version_of

pytestmark = pytest.mark.apiserver

Candidate = Callable[..., Api]


@pytest.fixture
def candidate(apiserver: ApiServer, api: Api) -> Candidate:
    """Give the clients of new service accounts of the test's namespace, with the rights that are asked for."""

    def make(verbs: Sequence[str], names: Sequence[str] = ()) -> Api:
        account = f"candidate-{secrets.token_hex(3)}"
        apiserver.make_service_account(api.namespace, account)
        apiserver.grant(api.namespace, account, verbs, names=names)
        token = apiserver.token(api.namespace, account)
        return replace(api, tls=apiserver.client_tls(), headers={"Authorization": f"Bearer {token}"})

    return make


async def test_rights_on_one_name_suffice_for_an_election(api: Api, candidate: Candidate) -> None:
    lease = (await api.post("payouts")).body
    elector = candidate(["get", "update", "watch"], names=["payouts"])
    assert (await elector.get("payouts")).status == 200
    query: dict[str, Any] = {"fieldSelector": "metadata.name=payouts", "resourceVersion": version_of(lease)}
    path = f"{LEASES}/watch/namespaces/{api.namespace}/leases/payouts"
    async with elector.watch(**query) as watch, elector.watch(path, resourceVersion=version_of(lease)) as older:
        held = await elector.written(lease, holderIdentity="a")
        assert [event.object for event in await watch.take(1)] == [held]
        assert [event.object for event in await older.take(1)] == [held]


async def test_rights_on_one_name_open_nothing_else(api: Api, candidate: Candidate) -> None:
    await api.post("payouts")
    other = (await api.post("reports")).body
    elector = candidate(["get", "update", "watch"], names=["payouts"])
    for answer, verb in (
        (await elector.get("reports"), "get"),
        (await elector.put(other), "update"),
        (await elector.post("more"), "create"),
        (await elector.delete("payouts"), "delete"),
        (await elector.request("GET", elector.path()), "list"),
        (await elector.request("GET", f"{elector.path()}?fieldSelector=metadata.name=payouts"), "list"),
    ):
        assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
        assert answer.message.startswith("leases.coordination.k8s.io ")
        assert f' is forbidden: User "system:serviceaccount:{api.namespace}:candidate-' in answer.message
        assert f'cannot {verb} resource "leases" in API group "coordination.k8s.io"' in answer.message
    async with elector.watch() as watch:
        assert watch.status == 403


async def test_a_put_creates_only_for_one_who_may_create(candidate: Candidate) -> None:
    lease = changed(new_lease("payouts", holderIdentity="a"), resourceVersion="7")
    refused = await candidate(["get", "update"]).put(lease)
    assert refused.status == 403
    assert 'cannot create resource "leases" in API group "coordination.k8s.io"' in refused.message
    assert (await candidate(["get", "update", "create"]).put(lease)).status == 201


async def test_a_put_with_a_uid_meets_the_conflict_whether_one_may_create_or_not(candidate: Candidate) -> None:
    lease = changed(new_lease("payouts"), resourceVersion="7", uid="00000000-0000-0000-0000-000000000000")
    for verbs in (["get", "update"], ["get", "update", "create"]):
        answer = await candidate(verbs).put(lease)
        assert (answer.status, answer.body["reason"]) == (409, "Conflict")


async def test_the_review_tells_the_rights_that_there_are(candidate: Candidate) -> None:
    elector = candidate(["get"], names=["payouts"])
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    for verb, allowed in (("get", True), ("update", False)):
        attributes = {"verb": verb, "group": "coordination.k8s.io", "resource": "leases", "name": "payouts"}
        attributes["namespace"] = elector.namespace
        answer = await elector.request("POST", path, {"spec": {"resourceAttributes": attributes}})
        assert answer.status == 201
        assert answer.body["status"]["allowed"] is allowed


async def test_a_lease_in_a_missing_namespace_cannot_be_made(api: Api) -> None:
    answer = await replace(api, namespace="missing").post("payouts")
    assert (answer.status, answer.message) == (404, 'namespaces "missing" not found')


async def test_managed_fields_stay_when_a_put_leaves_them_out(api: Api) -> None:
    """An election's writes carry no managedFields; those that `kubectl apply` made must not be lost by that."""
    applied = await api.request(
        "PATCH",
        f"{api.path('payouts')}?fieldManager=somebody",
        changed(new_lease("payouts", holderIdentity="a"), labels={"team": "payments"}),
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert applied.status == 201
    assert [entry["manager"] for entry in applied.body["metadata"]["managedFields"]] == ["somebody"]
    bare = changed(applied.body, without=("managedFields",))
    written = await api.written(bare, holderIdentity="b")
    assert "somebody" in [entry["manager"] for entry in written["metadata"]["managedFields"]]
