"""Kubernetes Events: what they say, and that nothing waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from kube.fake_api import BOUND_S, FakeApi, Lines, drop, hang, respond, status
from leader_sidecar.kube.answers import LeaseName
from leader_sidecar.kube.events import QUEUE_LENGTH, EventRecorder
from leader_sidecar.kube.transport import Lane

WALL_US = 1_800_000_000_123_456
Recorders = Callable[..., EventRecorder]


@pytest_asyncio.fixture
async def recorders(api: FakeApi, new_lane: Callable[..., Lane], log: Lines) -> AsyncIterator[Recorders]:
    """Make recorders whose `run` goes on until the end of the test."""
    tasks: list[asyncio.Task[None]] = []

    def make(pod_name: str = "payouts-0", timeout_s: float = 2.0, running: bool = True) -> EventRecorder:
        lane = new_lane(api.endpoint(), keepalive_s=0)
        recorder = EventRecorder(lane, LeaseName("default", "payouts"), pod_name=pod_name, log=log, timeout_s=timeout_s)
        if running:
            tasks.append(asyncio.ensure_future(recorder.run()))
        return recorder

    yield make
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def lead(recorder: EventRecorder, token: int = 418) -> None:
    recorder.became_leader("payouts-0_u_n", token, lease_uid="u-1", wall_us=WALL_US)


async def test_event_says_who_leads_with_which_token_and_regards_the_lease(api: FakeApi, recorders: Recorders) -> None:
    api.will(respond(201))
    recorder = recorders()
    lead(recorder)
    assert await recorder.flush(BOUND_S)
    assert (api.seen[0].method, api.seen[0].path) == ("POST", "/apis/events.k8s.io/v1/namespaces/default/events")
    assert json.loads(api.seen[0].body) == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "payouts.66517289a6240", "namespace": "default"},
        "eventTime": "2027-01-15T08:00:00.123456Z",
        "type": "Normal",
        "reason": "LeaderElection",
        "action": "BecameLeader",
        "note": "payouts-0_u_n became leader, token=418",
        "regarding": {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": "default",
            "name": "payouts",
            "uid": "u-1",
        },
        "reportingController": "leader-sidecar.io/sidecar",
        "reportingInstance": "payouts-0",
    }


async def test_end_of_a_term_is_told_with_its_reason(api: FakeApi, recorders: Recorders) -> None:
    api.will(respond(201))
    recorder = recorders()
    recorder.stopped_leading("payouts-0_u_n", 418, "resigned", lease_uid="", wall_us=WALL_US)
    assert await recorder.flush(BOUND_S)
    body = json.loads(api.seen[0].body)
    assert (body["action"], body["note"]) == ("StoppedLeading", "payouts-0_u_n stopped leading, token=418: resigned")
    assert "uid" not in body["regarding"]


async def test_each_event_has_a_connection_that_is_closed_afterwards(api: FakeApi, recorders: Recorders) -> None:
    api.will(respond(201), respond(201))
    recorder = recorders()
    lead(recorder, 1)
    lead(recorder, 2)
    assert await recorder.flush(BOUND_S)
    assert api.connections == [1, 2]


async def test_posting_never_waits_and_the_oldest_is_dropped(api: FakeApi, recorders: Recorders) -> None:
    recorder = recorders(running=False)
    for token in range(1, QUEUE_LENGTH + 4):
        lead(recorder, token)
    assert not await recorder.flush(0.001)
    api.will(*[respond(201)] * QUEUE_LENGTH)
    run = asyncio.ensure_future(recorder.run())
    assert await recorder.flush(BOUND_S)
    run.cancel()
    assert json.loads(api.seen[0].body)["note"].endswith("token=4")


async def test_forbidden_is_said_once_and_events_are_off_from_then_on(
    api: FakeApi, recorders: Recorders, log: Lines
) -> None:
    api.will(respond(403, status(403, "Forbidden")))
    recorder = recorders()
    for token in (1, 2, 3):
        lead(recorder, token)
    assert await recorder.flush(BOUND_S)
    lead(recorder, 4)
    assert await recorder.flush(BOUND_S)
    assert len(api.seen) == 1
    assert log.events == ["events_off"]
    assert "may not create events.events.k8s.io" in str(log.kept[0][2]["reason"])


async def test_failed_post_is_lost_and_the_next_goes_out(api: FakeApi, recorders: Recorders, log: Lines) -> None:
    api.will(drop, respond(500, status(500, "InternalError", "away")), hang, respond(201))
    recorder = recorders(timeout_s=0.2)
    for token in (1, 2, 3, 4):
        lead(recorder, token)
    assert await recorder.flush(BOUND_S)
    assert [level for level, _, _ in log.kept] == ["debug"] * 3
    assert log.kept[1][2]["reason"] == "500 away"
    assert json.loads(api.seen[3].body)["note"].endswith("token=4")


async def test_long_names_are_cut_to_what_the_api_takes(api: FakeApi, recorders: Recorders) -> None:
    api.will(respond(201))
    recorder = recorders(pod_name="p" * 253)
    recorder.became_leader("ü" * 1000, 1, lease_uid="", wall_us=WALL_US)
    assert await recorder.flush(BOUND_S)
    body = json.loads(api.seen[0].body)
    assert len(body["reportingInstance"]) == 128
    assert len(body["note"].encode()) == 1024
