"""The outcome table of `kube/leases.py`, row by row, against a real server on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kube.fake_api import ABSENT, Answer, FakeApi, drop, half, hang, lease, respond, status
from leader_sidecar.core.messages import Absent, Conflict, Found, Kind, Rejected, Unknown, Written
from leader_sidecar.kube.answers import LeaseName
from leader_sidecar.kube.leases import LeaseStore
from leader_sidecar.kube.transport import MAX_BODY_BYTES, Lane

PATH = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
BODY: dict[str, Any] = lease(7, "payouts-0")

UNREADABLE = {
    "html": respond(200, b"<html>welcome</html>", Content_Type="text/html"),
    "truncated": respond(200, json.dumps(lease()).encode()[:-9]),
    "list": respond(200, [lease()]),
    "lease list": respond(200, {"kind": "LeaseList", "items": [lease()]}),
    "malformed": respond(200, lease(holder="x", leaseDurationSeconds="15")),
    "another lease": respond(200, lease(name="reports")),
    "too large": respond(200, b" " * (MAX_BODY_BYTES + 1)),
    "empty": respond(200),
}
REFUSED = {
    code: respond(code, status(code, "Whatever", "because")) for code in (400, 401, 403, 405, 406, 410, 413, 415, 422)
}
STRAY_404 = {
    "html": respond(404, b"<html>404</html>"),
    "plain": respond(404, b"404 page not found"),
    "namespace": respond(
        404, status(404, "NotFound", 'namespaces "default" not found', name="default", kind="namespaces")
    ),
    "wrong reason": respond(404, status(404, "Other")),
}
TRY_AGAIN = {code: respond(code, status(code, "Busy"), Retry_After="3") for code in (408, 425, 429, 500, 503, 504)}
REDIRECTS = {code: respond(code, Location="/elsewhere") for code in (301, 302, 304, 307, 308)}
BROKEN: dict[str, Answer] = {"drop": drop, "hang": hang, "half": half(200, json.dumps(lease()).encode())}


def rows(answers: dict[Any, Answer]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("answer", [pytest.param(answer, id=str(name)) for name, answer in answers.items()])


@pytest.fixture
def store(lane: Lane) -> LeaseStore:
    return LeaseStore(lane, LeaseName("default", "payouts"))


# --- read -------------------------------------------------------------------------------------------------------------


async def test_read_asks_at_the_quorum_and_finds(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(200, lease(41, "payouts-1", leaseDurationSeconds=15)))
    outcome = await store.read(2)
    assert isinstance(outcome, Found)
    assert (outcome.record.version, outcome.record.holder, outcome.record.duration_s) == (41, "payouts-1", 15)
    assert (api.seen[0].method, api.seen[0].path, api.seen[0].query) == ("GET", f"{PATH}/payouts", {})


@rows(UNREADABLE)
async def test_read_of_what_is_no_lease_is_rejected(api: FakeApi, store: LeaseStore, answer: Answer) -> None:
    api.will(answer)
    outcome = await store.read(2)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 200
    assert 'get leases.coordination.k8s.io "payouts" in namespace "default"' in outcome.message


async def test_read_of_another_success_is_rejected(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(202, lease()))
    assert isinstance(await store.read(2), Rejected)


async def test_read_of_an_absent_lease_is_absent(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(404, ABSENT))
    assert await store.read(2) == Absent('leases "payouts" not found')


@rows(STRAY_404 | REFUSED | {409: respond(409, status(409, "Conflict"))})
async def test_read_that_is_refused_is_rejected(api: FakeApi, store: LeaseStore, answer: Answer) -> None:
    api.will(answer)
    outcome = await store.read(2)
    assert isinstance(outcome, Rejected)
    assert 400 <= outcome.status < 500


@rows(TRY_AGAIN)
async def test_read_that_is_put_off_is_unknown_for_as_long_as_was_asked(
    api: FakeApi, store: LeaseStore, answer: Answer
) -> None:
    api.will(answer)
    outcome = await store.read(2)
    assert isinstance(outcome, Unknown)
    assert outcome.retry_after_s == 3.0


@rows(REDIRECTS | BROKEN)
async def test_read_without_an_answer_is_unknown(api: FakeApi, store: LeaseStore, answer: Answer) -> None:
    api.will(answer)
    outcome = await store.read(0.2)
    assert isinstance(outcome, Unknown)
    assert outcome.message


# --- write ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.CLAIM, Kind.TOKEN, Kind.RENEW, Kind.RELEASE])
async def test_write_is_a_put_of_the_body_as_given(api: FakeApi, store: LeaseStore, kind: Kind) -> None:
    api.will(respond(200, lease(8, "payouts-0")))
    outcome = await store.write(kind, BODY, 2)
    assert isinstance(outcome, Written)
    assert outcome.record.version == 8
    seen = api.seen[0]
    assert (seen.method, seen.path, seen.query) == ("PUT", f"{PATH}/payouts", {})
    assert seen.body == json.dumps(BODY, separators=(",", ":")).encode()
    assert seen.headers["Content-Type"] == "application/json"


async def test_create_is_a_post_to_the_collection(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(201, lease(8)))
    assert isinstance(await store.write(Kind.CREATE, BODY, 2), Written)
    assert (api.seen[0].method, api.seen[0].path) == ("POST", PATH)


async def test_put_that_created_is_written_too(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(201, lease(8)))
    assert isinstance(await store.write(Kind.RENEW, BODY, 2), Written)


@rows(UNREADABLE | {202: respond(202, lease()), 204: respond(204)})
async def test_acknowledgement_that_cannot_be_read_is_unknown(api: FakeApi, store: LeaseStore, answer: Answer) -> None:
    api.will(answer)
    assert isinstance(await store.write(Kind.RENEW, BODY, 2), Unknown)


@pytest.mark.parametrize("kind", [Kind.RENEW, Kind.CREATE])
async def test_failed_precondition_is_a_conflict(api: FakeApi, store: LeaseStore, kind: Kind) -> None:
    api.will(respond(409, status(409, "Conflict", "the object has been modified")))
    assert await store.write(kind, BODY, 2) == Conflict("the object has been modified")


async def test_conflict_counts_whatever_its_body(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(409, b"<html>"))
    assert await store.write(Kind.RENEW, BODY, 2) == Conflict("")


async def test_write_to_an_absent_lease_is_absent(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(404, ABSENT))
    assert isinstance(await store.write(Kind.RENEW, BODY, 2), Absent)


@rows(STRAY_404 | REFUSED)
async def test_write_that_is_refused_is_rejected(api: FakeApi, store: LeaseStore, answer: Answer) -> None:
    api.will(answer)
    outcome = await store.write(Kind.RENEW, BODY, 2)
    assert isinstance(outcome, Rejected)
    assert 'update leases.coordination.k8s.io "payouts" in namespace "default"' in outcome.message


async def test_body_that_cannot_be_encoded_is_rejected_and_never_sent(api: FakeApi, store: LeaseStore) -> None:
    body: dict[str, Any] = {}
    body["spec"] = body
    assert isinstance(await store.write(Kind.RENEW, body, 2), Rejected)
    assert api.seen == []


async def test_refused_create_names_its_own_verb(api: FakeApi, store: LeaseStore) -> None:
    api.will(respond(403, b""))
    outcome = await store.write(Kind.CREATE, BODY, 2)
    assert isinstance(outcome, Rejected)
    assert "allow the verb create" in outcome.message


@rows(TRY_AGAIN | REDIRECTS | BROKEN)
async def test_write_without_an_answer_is_unknown_and_sent_once(
    api: FakeApi, store: LeaseStore, answer: Answer
) -> None:
    api.will(answer)
    assert isinstance(await store.write(Kind.RENEW, BODY, 0.2), Unknown)
    assert [seen.method for seen in api.seen] == ["PUT"]
