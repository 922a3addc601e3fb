"""The answers about one election: now, at the next change, proved, checked, and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from leader_sidecar.core.status import Leader
from leader_sidecar.serving import leader as served_leader
from serving.client import BOUND_S, Connection, ask, request
from serving.conftest import Serve
from serving.election import ACQUIRED_AT, IDENTITY, OTHER_IDENTITY, RENEWED_AT, SELF, FakeElection


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, within a bound."""
    async with asyncio.timeout(BOUND_S):
        while not condition():
            await asyncio.sleep(0.001)


async def test_the_leader_is_told_with_its_token_and_validity(port: int, election: FakeElection) -> None:
    await election.lead(token=418, valid_for_s=8.214)
    answer = await ask(port, "/leader")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-fencing-token"] == "418"
    assert answer.document == {
        "election": "default/payouts",
        "isLeader": True,
        "token": 418,
        "validForSeconds": 8.214,
        "leader": {
            "name": SELF,
            "identity": IDENTITY,
            "token": 418,
            "acquiredAt": ACQUIRED_AT,
            "renewedAt": RENEWED_AT,
        },
        "self": {"name": SELF, "identity": IDENTITY},
        "index": 2,
    }


async def test_a_follower_is_told_without_token(port: int, election: FakeElection) -> None:
    await election.follow(Leader("payouts-1", OTHER_IDENTITY, None, ACQUIRED_AT, RENEWED_AT))
    answer = await ask(port, "/leader")
    assert answer.status == 200
    assert "x-fencing-token" not in answer.headers
    told = answer.document
    assert (told["isLeader"], told["token"], told["validForSeconds"]) == (False, None, 0.0)
    assert told["leader"]["name"] == "payouts-1"
    assert told["leader"]["token"] is None


async def test_nobody_is_told_as_null(port: int) -> None:
    assert (await ask(port, "/leader")).document["leader"] is None


async def test_head_tells_the_headers_of_get(port: int, election: FakeElection) -> None:
    await election.lead()
    async with Connection(port) as one:
        head = await one.ask("/leader", "HEAD")
        get = await one.ask("/leader")
    assert head.headers["x-fencing-token"] == "418"
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_another_index_is_answered_at_once(port: int, election: FakeElection) -> None:
    told = (await ask(port, "/leader?index=999&wait=60s")).document
    assert told["index"] == election.answer().index
    assert election.waiting == 0


async def test_a_long_poll_answers_with_the_change_and_when_it_ends(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        one.send(request("/leader?index=1&wait=60s"))
        await until(lambda: election.waiting == 1)
        await election.lead(valid_for_s=8.214)
        told = (await one.response()).document
    assert told["isLeader"]
    assert told["validUntilBoottimeSeconds"] == 1008.214


async def test_a_long_poll_answers_after_its_wait(port: int, election: FakeElection) -> None:
    started = asyncio.get_running_loop().time()
    told = (await ask(port, "/leader?index=1&wait=200ms")).document
    assert 0.2 <= asyncio.get_running_loop().time() - started < BOUND_S
    assert (told["index"], told["validUntilBoottimeSeconds"]) == (1, 0)


async def test_a_long_poll_is_answered_as_things_stand_at_the_end_of_serving(
    serve: Serve, election: FakeElection
) -> None:
    served = await serve()
    async with Connection(served.port) as one:
        one.send(request("/leader?index=1&wait=60s"))
        await until(lambda: election.waiting == 1)
        await served.serving.stop(BOUND_S)
        assert (await one.response()).document["index"] == 1
        assert await one.is_closed()


async def test_the_answer_of_a_long_poll_is_computed_after_its_wait(port: int, election: FakeElection) -> None:
    await election.lead()
    async with Connection(port) as one:
        one.send(request("/leader?index=2&wait=60s"))
        await until(lambda: election.waiting == 1)
        await election.tell(token=500)
        await election.follow()
        answer = await one.response()
    assert answer.document["token"] is None
    assert "x-fencing-token" not in answer.headers


async def test_only_late_answers_tell_an_instant(port: int, election: FakeElection) -> None:
    await election.lead()
    election.verdicts = [True]
    for path in ("/leader", "/leader?verify=true", "/elections/payouts/leader"):
        assert "validUntilBoottimeSeconds" not in (await ask(port, path)).document


async def test_wait_alone_is_refused_because_it_would_not_wait(port: int) -> None:
    assert "index" in (await ask(port, "/leader?wait=3s")).problem(400)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("wait=61s&index=1", "wait"),
        ("wait=2m&index=1", "wait"),
        ("wait=30&index=1", "write 30s"),
        ("wait=&index=1", "wait"),
        ("wait=-1s&index=1", "wait"),
        ("index=", "index"),
        ("index=-1", "index"),
        ("index=1.0", "index"),
        ("index=%D9%A1", "index"),
        ("index=1234567890123456", "index"),
        ("verify=1", "verify"),
        ("verify=", "verify"),
        ("verify=True", "verify"),
    ],
)
async def test_a_parameter_of_another_form_is_named(port: int, query: str, named: str) -> None:
    assert named in (await ask(port, f"/leader?{query}")).problem(400)


async def test_verify_answers_once_the_lease_was_read(port: int, election: FakeElection) -> None:
    await election.lead()
    election.verdicts = [True]
    assert (await ask(port, "/leader?verify=true")).document["isLeader"]
    assert election.verdicts == []


async def test_verify_is_503_where_the_lease_could_not_be_read(port: int, election: FakeElection) -> None:
    await election.lead()
    election.verdicts = [False]
    answer = await ask(port, "/leader?verify=true")
    answer.problem(503)
    assert answer.headers["retry-after"] == "1"
    assert "x-fencing-token" not in answer.headers


async def test_verify_false_reads_nothing(port: int) -> None:
    assert (await ask(port, "/leader?verify=false")).status == 200


async def test_the_answer_is_computed_after_the_verification(serve: Serve) -> None:
    class LosesWhileItVerifies(FakeElection):
        async def verify(self, timeout_s: float) -> bool:
            await self.follow()
            return True

    election = LosesWhileItVerifies()
    await election.lead()
    assert not (await ask((await serve(election)).port, "/leader?verify=true")).document["isLeader"]


async def test_verification_comes_after_the_wait(port: int, election: FakeElection) -> None:
    election.verdicts = [True]
    async with Connection(port) as one:
        one.send(request("/leader?index=1&verify=true"))
        await until(lambda: election.waiting == 1)
        assert election.verdicts == [True]
        await election.lead()
        assert (await one.response()).document["isLeader"]
    assert election.verdicts == []


async def test_check_is_the_token_as_text_when_leading(port: int, election: FakeElection) -> None:
    await election.lead(token=418)
    async with Connection(port) as one:
        get = await one.ask("/leader/check")
        head = await one.ask("/leader/check", "HEAD")
    assert (get.status, get.body, get.headers["x-fencing-token"]) == (200, b"418\n", "418")
    assert get.headers["content-type"].startswith("text/plain")
    assert (head.status, head.headers["x-fencing-token"]) == (200, "418")


async def test_check_is_503_when_not_leading(port: int) -> None:
    async with Connection(port) as one:
        get = await one.ask("/leader/check")
        head = await one.ask("/leader/check", "HEAD")
    assert "does not lead" in get.problem(503)
    assert "x-fencing-token" not in get.headers
    assert head.status == 503


@pytest.mark.parametrize(("asked", "status"), [("3s", 200), ("3.001s", 503), ("0s", 200), ("1m", 503)])
async def test_check_asks_for_that_much_left(port: int, election: FakeElection, asked: str, status: int) -> None:
    await election.lead(valid_for_s=3.0)
    answer = await ask(port, f"/leader/check?minValid={asked}")
    assert answer.status == status
    assert ("x-fencing-token" in answer.headers) == (status == 200)


async def test_check_refuses_a_misspelt_parameter(port: int, election: FakeElection) -> None:
    await election.lead()
    assert "minValid" in (await ask(port, "/leader/check?minvalid=3s")).problem(400)
    assert "minValid" in (await ask(port, "/leader/check?minValid=3")).problem(400)


async def test_resign_is_202_and_leads_no_more(port: int, election: FakeElection) -> None:
    await election.lead()
    answer = await ask(port, "/leader/resign", "POST")
    assert answer.status == 202
    assert not answer.document["isLeader"]
    assert "x-fencing-token" not in answer.headers
    assert election.resigned == [0.0]


async def test_resign_takes_a_cooldown(port: int, election: FakeElection) -> None:
    await election.lead()
    assert (await ask(port, "/leader/resign?cooldown=30s", "POST")).status == 202
    assert election.resigned == [30.0]


@pytest.mark.parametrize("query", ["cooldown=61m", "cooldown=30", "cooldown=1s&cooldown=2s", "cool=1s"])
async def test_resign_refuses_another_cooldown_and_goes_on_leading(
    port: int, election: FakeElection, query: str
) -> None:
    await election.lead()
    assert "cooldown" in (await ask(port, f"/leader/resign?{query}", "POST")).problem(400)
    assert election.resigned == []


async def test_resign_is_409_when_not_leading(port: int, election: FakeElection) -> None:
    assert "does not lead" in (await ask(port, "/leader/resign", "POST")).problem(409)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:8080", "null"])
async def test_no_web_page_makes_a_pod_resign(port: int, election: FakeElection, origin: str) -> None:
    await election.lead()
    (await ask(port, "/leader/resign", "POST", Origin=origin)).problem(403)
    assert election.resigned == []


async def test_resign_is_for_one_election(serve: Serve) -> None:
    first, second = FakeElection("default/payouts"), FakeElection("default/reports")
    await first.lead()
    await second.lead()
    port = (await serve(first, second)).port
    assert (await ask(port, "/elections/reports/leader/resign", "POST")).status == 202
    assert (first.resigned, second.resigned) == ([], [0.0])


async def test_what_waits_leaves_no_task_behind(port: int, election: FakeElection) -> None:
    async with Connection(port) as one:
        assert (await one.ask("/leader?index=1&wait=1ms")).status == 200
    await until(lambda: not [task for task in asyncio.all_tasks() if "changed" in repr(task)])
    assert served_leader.LONGEST_WAIT_S == 60.0
