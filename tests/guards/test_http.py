"""What is HTTP's own about its guard: who runs beside whom, who waits, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from leader_sidecar.fencing import AbsentToken, Busy, MalformedToken, StaleToken
from leader_sidecar.fencing.aiohttp import TOKEN, fenced
from leader_sidecar.fencing.asgi import Fenced
from leader_sidecar.fencing.http import Guard, answer

Admit = Callable[[str], Any]


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    return Guard("payouts", tmp_path / "mark", wait_s=5.0)


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0)


class Held:
    """A request that was asked, and is in flight until it is told to end."""

    def __init__(self, guard: Guard, token: str) -> None:
        self.entered, self._end = False, asyncio.Event()
        self.task = asyncio.create_task(self._run(guard, token))

    async def _run(self, guard: Guard, token: str) -> None:
        async with guard.admit([token]):
            self.entered = True
            await self._end.wait()

    async def end(self) -> None:
        self._end.set()
        await self.task


async def test_requests_of_one_term_run_side_by_side(guard: Guard) -> None:
    held = [Held(guard, "418") for _ in range(3)]
    await _until(lambda: all(one.entered for one in held))
    for one in held:
        await one.end()


async def test_a_higher_token_waits_for_older_requests_and_shuts_further_ones_out_at_once(guard: Guard) -> None:
    old = [Held(guard, "417"), Held(guard, "417")]
    await _until(lambda: all(one.entered for one in old))
    new = [Held(guard, "418"), Held(guard, "418")]
    await _until(lambda: guard.status() == 418)
    with pytest.raises(StaleToken):
        async with guard.admit(["417"]):
            pass
    await old[0].end()
    await asyncio.sleep(0.05)
    assert not any(one.entered for one in new), "one older request is still in flight"
    await old[1].end()
    await _until(lambda: all(one.entered for one in new))
    for one in new:
        await one.end()


async def test_who_waited_while_a_newer_term_came_is_refused(guard: Guard) -> None:
    old = Held(guard, "417")
    await _until(lambda: old.entered)
    middle, new = Held(guard, "418"), Held(guard, "419")
    await _until(lambda: guard.status() == 419)
    await old.end()
    await _until(lambda: new.entered)
    with pytest.raises(StaleToken):
        await middle.task
    await new.end()


async def test_the_wait_is_bounded_and_the_older_term_stays_out(tmp_path: Path) -> None:
    guard = Guard("payouts", tmp_path / "mark", wait_s=0.05)
    old = Held(guard, "417")
    await _until(lambda: old.entered)
    with pytest.raises(Busy):
        async with guard.admit(["418"]):
            pass
    with pytest.raises(StaleToken):
        async with guard.admit(["417"]):
            pass
    await old.end()
    async with guard.admit(["418"]):
        pass


async def test_a_request_that_fails_is_not_in_flight_any_more(guard: Guard) -> None:
    with pytest.raises(ZeroDivisionError):
        async with guard.admit(["417"]):
            raise ZeroDivisionError
    async with asyncio.timeout(1), guard.admit(["418"]):
        pass


def test_the_mark_of_one_service_is_not_for_two_processes(guard: Guard, tmp_path: Path) -> None:
    with pytest.raises(Busy):
        Guard("payouts", tmp_path / "mark")
    guard.stamp(418)
    guard.close()
    assert Guard("payouts", tmp_path / "mark").status() == 418


async def test_reset_waits_for_no_one_and_touches_nothing_while_requests_are_in_flight(guard: Guard) -> None:
    held = Held(guard, "900")
    await _until(lambda: held.entered)
    assert not guard.reset(900, 418)
    await held.end()
    assert guard.reset(900, 418)


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(StaleToken("p", 4, 5), 412), (MalformedToken("p", "x"), 400), (AbsentToken("p"), 428), (Busy("p", 1.0), 503)],
)
def test_each_refusal_has_its_status(refusal: Any, status: int) -> None:
    assert answer(refusal)[0] == status
    assert ("Retry-After" in answer(refusal)[1]) == (status == 503)


async def _aiohttp_client(guard: Guard, handler: Any) -> TestClient[Any, Any]:
    app = web.Application(middlewares=[fenced(guard)])
    app.router.add_route("*", "/", handler)
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


async def test_aiohttp_guards_what_writes_and_lets_the_rest_be(guard: Guard) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(request.get(TOKEN)))

    client = await _aiohttp_client(guard, handler)
    async with client:
        assert await (await client.get("/")).text() == "None"
        for method in ("POST", "PUT", "PATCH", "DELETE", "PURGE"):
            assert (await client.request(method, "/")).status == 428
        assert await (await client.post("/", headers={"X-Fencing-Token": "418"})).text() == "418"
        twice = [("X-Fencing-Token", "418"), ("X-Fencing-Token", "419")]
        assert (await client.post("/", headers=twice)).status == 400
        assert (await client.get("/", headers={"Upgrade": "websocket"})).status == 403
        assert (await client.post("/fence", headers={"X-Fencing-Token": "420"})).status == 204
        assert await (await client.get("/fence")).json() == {"resource": "payouts", "highWater": 420}


async def test_a_refusal_of_the_handlers_own_guard_is_the_handlers_affair(guard: Guard) -> None:
    async def handler(request: web.Request) -> web.Response:
        try:
            raise StaleToken("inner", 4, 5)
        except StaleToken as refusal:
            status, headers, body = answer(refusal)
            return web.Response(status=status, headers=headers, body=body)

    client = await _aiohttp_client(guard, handler)
    async with client:
        told = await (await client.post("/", headers={"X-Fencing-Token": "418"})).json()
        assert (told["resource"], told["highWater"]) == ("inner", 5)


async def _call(app: Any, scope: dict[str, Any]) -> Sequence[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    await app({"type": "http", "method": "POST", "path": "/", "headers": [], **scope}, receive, send)
    return sent


async def test_asgi_guards_what_writes_and_lets_the_rest_be(guard: Guard) -> None:
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope.get("fencing_token"))

    app, token = Fenced(inner, guard), [(b"x-fencing-token", b"418")]
    assert (await _call(app, {}))[0]["status"] == 428
    assert (await _call(app, {"headers": [*token, (b"x-fencing-token", b"419")]}))[0]["status"] == 400
    assert (await _call(app, {"type": "websocket", "headers": token}))[0]["type"] == "websocket.close"
    assert seen == []
    for scope in ({"method": "GET"}, {"type": "lifespan"}, {"headers": token}):
        await _call(app, scope)
    assert seen == [None, None, 418]
    assert (await _call(app, {"path": "/fence", "headers": [(b"x-fencing-token", b"420")]}))[0]["status"] == 204
    assert b'"highWater": 420' in (await _call(app, {"path": "/fence", "method": "GET"}))[1]["body"]


async def test_asgi_passes_on_a_refusal_that_is_the_applications_own(guard: Guard) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise StaleToken("inner", 4, 5)

    with pytest.raises(StaleToken, match="inner"):
        await _call(Fenced(inner, guard), {"headers": [(b"x-fencing-token", b"418")]})
