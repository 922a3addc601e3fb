"""The driver and its view, on the development server in this process."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from leader_sidecar.core.state import Config
from leader_sidecar.core.timing import Timing
from leader_sidecar.devserver.server import DevServer, start
from leader_sidecar.kube.api import Api
from leader_sidecar.kube.endpoint import load_endpoint
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.driver import Driver
from leader_sidecar.runtime.election import Election

QUICK = Timing(2, 1.5, 0.4, 0.2, 0.25, 0.05)
BOUND_S = 10.0


class Lines:
    """Keep log lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def __call__(self, level: str, event: str, **fields: object) -> None:
        self.lines.append((level, event, fields))

    def events(self) -> list[str]:
        return [event for _, event, _ in self.lines]


class Candidate:
    """Run one election's driver."""

    def __init__(self, kubeconfig: Path, name: str) -> None:
        self.log = Lines()
        clock = Clock()
        endpoint = load_endpoint(str(kubeconfig), {})
        self.api = Api(endpoint, "default", "payouts", pod_name=name, rng=random.Random(1), log=self.log)
        config = Config("default", "payouts", name, "", os.urandom(8).hex(), timing=QUICK, create_lease=True)
        self.driver = Driver(config, self.api, clock, self.log, events=True)
        self.view = Election(self.driver, self.api, clock)
        self.task = asyncio.create_task(self.driver.run())

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(BOUND_S):
            while not wanted():
                await self.view.changed(self.view.answer().index, 0.05)

    async def leads(self) -> None:
        await self.until(lambda: self.view.answer().is_leader)

    async def end(self) -> None:
        self.driver.stop(app_at_work=False)
        async with asyncio.timeout(BOUND_S):
            await self.task


Stand = Callable[[str], Candidate]


@pytest.fixture
async def server() -> AsyncIterator[DevServer]:
    async with await start() as server:
        yield server


@pytest.fixture
async def stand(server: DevServer, tmp_path: Path) -> AsyncIterator[Stand]:
    file = tmp_path / "kubeconfig"
    server.write_kubeconfig(file)
    standing: list[Candidate] = []

    def one(name: str) -> Candidate:
        standing.append(Candidate(file, name))
        return standing[-1]

    yield one
    for candidate in standing:
        candidate.task.cancel()
        await asyncio.gather(candidate.task, return_exceptions=True)


async def test_a_term_begins_is_renewed_and_ends_with_a_release(stand: Stand) -> None:
    one = stand("payouts-0")
    await one.leads()
    first = one.view.answer()
    await one.until(lambda: one.view.answer().valid_until_s > first.valid_until_s)
    assert one.view.answer().token == first.token
    await one.end()
    assert not one.view.answer().is_leader
    assert [event for event in one.log.events() if event not in ("lease_absent", "request", "renewed")] == [
        "started",
        "became_leader",
        "stopped_leading",
        "released",
    ]
    readings = one.view.readings()
    assert readings.requests["renew", "written"] == sum(readings.renew_s) >= 1
    assert readings.transitions == 1
    assert not readings.barred


async def test_every_line_names_the_election_the_identity_and_the_record(stand: Stand) -> None:
    one = stand("payouts-0")
    await one.leads()
    fields = next(fields for _, event, fields in one.log.lines if event == "became_leader")
    assert set(fields) == {"election", "identity", "token", "valid_until_s", "uid", "resourceVersion"}
    assert fields["election"] == "default/payouts"


async def test_a_term_tells_until_when_it_is_valid_at_its_begin_at_each_renewal_and_at_its_end(stand: Stand) -> None:
    one = stand("payouts-0")
    await one.leads()
    await one.until(lambda: "renewed" in one.log.events())
    promised_s = one.view.answer().valid_until_s
    await one.end()
    told = {event: fields for _, event, fields in one.log.lines if "valid_until_s" in fields}
    assert list(told) == ["became_leader", "renewed", "stopped_leading"]
    assert told["became_leader"]["valid_until_s"] < told["renewed"]["valid_until_s"]
    assert told["stopped_leading"]["valid_until_s"] >= promised_s - 1e-6
    assert {fields["token"] for fields in told.values()} == {told["became_leader"]["token"]}


async def test_a_long_poll_wakes_with_the_change_and_not_before(stand: Stand) -> None:
    one = stand("payouts-0")
    await one.leads()
    index = one.view.answer().index
    waiting = asyncio.create_task(one.view.changed(index, BOUND_S))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert one.view.resign(0.0)
    async with asyncio.timeout(1.0):
        await waiting
    assert one.view.answer().index != index


async def test_verify_is_true_of_the_term_and_false_where_nobody_answers(stand: Stand, server: DevServer) -> None:
    one = stand("payouts-0")
    await one.leads()
    assert await one.view.verify(1.0)
    await server.stop()
    assert one.view.answer().is_leader
    assert not await one.view.verify(1.0)


async def test_who_does_not_lead_cannot_resign_and_needs_no_proof(stand: Stand) -> None:
    one = stand("payouts-0")
    assert not one.view.resign(0.0)
    assert await one.view.verify(0.0)


async def test_a_server_that_goes_away_ends_the_term_in_time_and_is_told_once(stand: Stand, server: DevServer) -> None:
    one = stand("payouts-0")
    await one.leads()
    await server.stop()
    await one.until(lambda: not one.view.answer().is_leader)
    assert one.log.events().count("api_trouble") == 1
    assert one.view.health().live


async def test_a_crashed_task_ends_leadership_for_good(stand: Stand) -> None:
    one = stand("payouts-0")
    await one.leads()

    def crash(*_: object) -> None:
        raise RuntimeError("crashed on purpose")

    one.api.watch._take = crash  # type: ignore[method-assign, assignment]
    async with asyncio.timeout(BOUND_S):
        with pytest.raises(ExceptionGroup):
            await one.task
    assert not one.view.answer().is_leader
    assert "unhealthy" in one.log.events()


async def test_readiness_follows_the_first_answer(stand: Stand) -> None:
    one = stand("payouts-0")
    assert not one.view.health().ready
    await one.until(lambda: one.view.health().ready)


async def test_two_candidates_hand_over_without_waiting_for_the_duration(stand: Stand) -> None:
    one, two = stand("payouts-0"), stand("payouts-1")
    async with asyncio.timeout(BOUND_S):
        while not (one.view.answer().is_leader or two.view.answer().is_leader):
            await asyncio.sleep(0.01)
    old, new = (one, two) if one.view.answer().is_leader else (two, one)
    before = old.view.answer().token
    await old.end()
    async with asyncio.timeout(QUICK.lease_duration_s / 2):
        await new.leads()
    after = new.view.answer().token
    assert before is not None
    assert after is not None
    assert after > before
