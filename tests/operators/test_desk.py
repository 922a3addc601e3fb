"""Which election is looked at when: a failing one later each time, one that cannot be read not at all."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from kube.conftest import api, log  # noqa: F401
from kube.fake_api import Answer, FakeApi, Lines, respond, status
from leader_sidecar.operator.desk import Desk
from leader_sidecar.operator.requests import Pace, Requests
from leader_sidecar.runtime.clock import Clock

SPEC = {
    "leaseDuration": "15s",
    "serviceAccounts": [],
    "leaderLabel": True,
    "service": {"enabled": False, "ports": []},
    "adopt": False,
    "leaseDeletionPolicy": "Retain",
}


def body(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "pay", "name": name, "uid": f"u-{name}", "resourceVersion": "7", "generation": 1}
    return {"metadata": metadata, "spec": SPEC | spec}


@pytest.fixture
def desk(log: Lines) -> Desk:  # noqa: F811
    """A desk without elections."""
    return Desk(Clock(), log, random.Random(7))


@pytest_asyncio.fixture
async def requests(api: FakeApi) -> AsyncIterator[Requests]:  # noqa: F811
    """One connection of an operator that leads."""
    made = Requests(api.endpoint(), lambda: True, Pace(), Counter())
    yield made
    await made.close()


def always_answer(api: FakeApi, answer: Answer) -> None:  # noqa: F811
    """Answer every request alike, until the script is cleared."""

    async def again(request: web.Request) -> web.StreamResponse:
        api.will(again)
        return await answer(request)

    api.will(again)


async def work(desk: Desk, requests: Requests, seconds: float) -> None:
    """Let a desk work for a while."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await desk.run([requests])


async def test_a_failing_election_is_looked_at_later_each_time_and_told_once(
    api: FakeApi,  # noqa: F811
    desk: Desk,
    requests: Requests,
    log: Lines,  # noqa: F811
) -> None:
    always_answer(api, respond(500, status(500, "InternalError", "out of order")))
    desk.show_election(body("payouts"), deleted=False)
    await work(desk, requests, 3.2)
    api.answers.clear()
    # At once, after 0.5 to 1 s, after 1 to 2 s more: 2 or 3 by now, a fourth is not due.
    assert 2 <= len(api.seen) <= 3
    assert desk.looks["interrupted"] == len(api.seen)
    assert desk.faulty == 1
    assert [(level, fields["election"]) for level, _, fields in log.kept] == [("warning", "pay/payouts")]


async def test_the_api_servers_wish_to_be_left_alone_is_granted(
    api: FakeApi,  # noqa: F811
    desk: Desk,
    requests: Requests,
) -> None:
    api.will(respond(429, status(429, "TooManyRequests"), Retry_After="30"))
    desk.show_election(body("payouts"), deleted=False)
    await work(desk, requests, 1.5)
    assert len(api.seen) == 1


async def test_elections_wait_in_the_order_in_which_they_came(
    api: FakeApi,  # noqa: F811
    desk: Desk,
    requests: Requests,
) -> None:
    names = ["third", "first", "second"]
    always_answer(api, respond(403, status(403, "Forbidden", "not you")))
    for name in names:
        desk.show_election(body(name), deleted=False)
    await work(desk, requests, 0.4)
    api.answers.clear()
    looked_at = [seen.path.rpartition("/")[2] for seen in api.seen if "/leases/" in seen.path]
    assert looked_at[:3] == names


async def test_a_resource_of_another_version_is_told_once_and_left_alone(
    desk: Desk,
    requests: Requests,
    log: Lines,  # noqa: F811
) -> None:
    for _ in range(2):
        desk.show_election(body("payouts", leaseDuration="long"), deleted=False)
    await work(desk, requests, 0.2)
    assert len(desk) == 0
    ((level, _, fields),) = log.kept
    assert level == "warning"
    assert "upgrade its CRD" in str(fields["reason"])


async def test_a_lease_or_pod_that_is_no_elections_asks_for_nothing(desk: Desk, requests: Requests) -> None:
    desk.show_lease({"metadata": {"namespace": "kube-system", "name": "kube-scheduler"}}, deleted=False)
    pod = {"namespace": "pay", "name": "payouts-0", "uid": "u", "labels": {"leader-sidecar.io/leads": "true"}}
    desk.show_pod({"metadata": pod}, deleted=False)
    await work(desk, requests, 0.2)
    assert len(desk) == 0
