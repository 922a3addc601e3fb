"""Requests go out while the operator leads, each based on what it read, no faster than their pace."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from kube.conftest import api  # noqa: F401
from kube.fake_api import ABSENT, FakeApi, drop, respond, status
from leader_sidecar.operator.requests import BURST, RATE_PER_S, Interrupted, NotLeading, Pace, Requests, Stale

POD = "/api/v1/namespaces/pay/pods/payouts-0"
FOUND = {"metadata": {"name": "payouts-0", "uid": "u", "resourceVersion": "7"}}


class Leading:
    """Lead until told otherwise."""

    def __init__(self) -> None:
        self.leads = True
        self.counts: Counter[tuple[str, str]] = Counter()

    def __call__(self) -> bool:
        return self.leads


@pytest.fixture
def leading() -> Leading:
    """An operator that leads."""
    return Leading()


@pytest_asyncio.fixture
async def requests(api: FakeApi, leading: Leading) -> AsyncIterator[Requests]:  # noqa: F811
    """Requests of that operator."""
    made = Requests(api.endpoint(), leading, Pace(), leading.counts)
    yield made
    await made.close()


async def test_nothing_is_asked_by_who_does_not_lead(requests: Requests, leading: Leading) -> None:
    leading.leads = False
    with pytest.raises(NotLeading):
        await requests.get(POD)


async def test_a_patch_names_the_very_object_that_it_is_based_on(api: FakeApi, requests: Requests) -> None:  # noqa: F811
    api.will(respond(200, FOUND))
    await requests.patch(POD, FOUND, {"metadata": {"labels": {"a": None}}})
    (seen,) = api.seen
    assert (seen.method, seen.path) == ("PATCH", POD)
    assert seen.headers["Content-Type"] == "application/merge-patch+json"
    assert json.loads(seen.body) == {"metadata": {"labels": {"a": None}, "uid": "u", "resourceVersion": "7"}}


async def test_a_deletion_names_the_very_object_and_takes_absence_for_done(
    api: FakeApi,  # noqa: F811
    requests: Requests,
) -> None:
    api.will(respond(404, ABSENT))
    await requests.delete(POD, FOUND)
    assert json.loads(api.seen[0].body) == {"preconditions": {"uid": "u", "resourceVersion": "7"}}


async def test_a_replacement_without_a_version_is_never_sent(requests: Requests) -> None:
    with pytest.raises(AssertionError):
        await requests.replace(POD, {"metadata": {"uid": "u", "resourceVersion": ""}})


@pytest.mark.parametrize(
    ("code", "reason", "kind", "refused", "outcome"),
    [
        (409, "Conflict", Stale, False, "conflict"),
        (403, "Forbidden", Interrupted, True, "rejected"),
        (429, "TooManyRequests", Interrupted, False, "unknown"),
        (500, "InternalError", Interrupted, False, "unknown"),
    ],
)
async def test_what_an_answer_comes_to(
    api: FakeApi,  # noqa: F811
    requests: Requests,
    leading: Leading,
    code: int,
    reason: str,
    kind: type[Interrupted],
    refused: bool,
    outcome: str,
) -> None:
    api.will(respond(code, status(code, reason, "because of this"), Retry_After="3"))
    with pytest.raises(kind, match="because of this") as raised:
        await requests.patch(POD, FOUND, {})
    assert raised.value.refused is refused
    assert type(raised.value) is kind
    assert leading.counts == {("patch", outcome): 1}


async def test_absent_is_none_to_a_read_and_stale_to_a_write(api: FakeApi, requests: Requests) -> None:  # noqa: F811
    api.will(respond(404, ABSENT), respond(404, ABSENT))
    assert await requests.get(POD) is None
    with pytest.raises(Stale):
        await requests.patch(POD, FOUND, {})


async def test_a_page_of_a_proxy_is_no_absence(api: FakeApi, requests: Requests) -> None:  # noqa: F811
    api.will(respond(404, b"<html>"), drop)
    with pytest.raises(Interrupted):
        await requests.get(POD)
    with pytest.raises(Interrupted):
        await requests.get(POD)


async def test_requests_keep_their_pace_after_a_burst() -> None:
    pace, loop = Pace(), asyncio.get_running_loop()
    began_s = loop.time()
    for _ in range(BURST + 10):
        await pace.turn()
    took_s = loop.time() - began_s
    assert took_s >= 10 / RATE_PER_S - 0.01
    for _ in range(BURST):
        await pace.turn()
    assert loop.time() - began_s >= (BURST + 10) / RATE_PER_S - 0.01
