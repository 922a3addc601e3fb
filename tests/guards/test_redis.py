"""What is Redis's own about its guard: one script, and what becomes of it when something fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from guards.servers import Redis
from guards.stores import Lend
from leader_sidecar.fencing import StaleToken
from leader_sidecar.fencing.redis import SCRIPT, Guard

PAYOUTS = Guard("payouts")
_MANY = 150_000


@pytest.fixture
def server(lend: Lend) -> Redis:
    found = lend("redis")
    assert isinstance(found, Redis)
    return found


@pytest.fixture
def client(server: Redis) -> Iterator[Any]:
    with redis.Redis(unix_socket_path=server.socket, decode_responses=True, retry=None) as one:
        one.flushall()
        yield one


def test_commands_are_answered_as_if_they_were_sent_alone(client: Any) -> None:
    with PAYOUTS.fence(client, 418) as batch:
        batch.execute("SET", "{payouts}pointer", 417)
        batch.execute("INCR", "{payouts}pointer")
        batch.execute("GET", "{payouts}none")
        batch.execute("RPUSH", "{payouts}list", "a", b"\x00\xff", 1.5)
    assert batch.replies == ["OK", 418, None, 3]


def test_the_script_alone_serves_other_languages(client: Any) -> None:
    assert client.eval(SCRIPT, 1, "fence:{payouts}", "418", 3, "SET", "x", "1") == ["OK"]
    with pytest.raises(redis.ResponseError, match=r"^STALETOKEN high_water=418$"):
        client.eval(SCRIPT, 1, "fence:{payouts}", "417", 3, "SET", "x", "2")
    assert client.get("x") == "1"


@pytest.mark.parametrize("token", ["01", " 5", "5 ", "+5", "-5", "", "1e3", "0x10", "9007199254740992", "nan", "5\n"])
def test_the_script_takes_no_other_syntax(client: Any, token: str) -> None:
    with pytest.raises(redis.ResponseError, match=r"^MALFORMEDTOKEN"):
        client.eval(SCRIPT, 1, "fence:{payouts}", token, 3, "SET", "x", "1")
    assert client.keys() == []


@pytest.mark.parametrize("words", [[4, "SET", "x", "1"], [0], ["x", "SET"], [2, "INCR", "x", 1]])
def test_commands_that_cannot_be_told_apart_are_refused_before_the_first(client: Any, words: list[Any]) -> None:
    with pytest.raises(redis.ResponseError, match=r"^MALFORMEDCOMMANDS"):
        client.eval(SCRIPT, 1, "fence:{payouts}", "5", *words)
    assert client.keys() == []


def test_a_server_that_has_forgotten_the_script_is_told_it_again(client: Any) -> None:
    PAYOUTS.stamp(client, 417)
    client.script_flush()
    PAYOUTS.stamp(client, 418)
    with pytest.raises(StaleToken):
        PAYOUTS.stamp(client, 417)


def test_a_garbled_mark_refuses_everything(client: Any) -> None:
    client.set(PAYOUTS.key, "many")
    with pytest.raises(redis.ResponseError, match=r"^MALFORMEDMARK"):
        PAYOUTS.stamp(client, 418)


def test_a_command_that_fails_leaves_the_mark_raised(client: Any) -> None:
    step = PAYOUTS.fence(client, 418)
    batch = step.__enter__()
    batch.execute("SET", "text", "x")
    batch.execute("INCR", "text")
    with pytest.raises(redis.ResponseError):
        step.__exit__(None, None, None)
    assert PAYOUTS.status(client) == 418
    assert client.get("text") == "x", "as documented: Redis undoes nothing"


def test_a_server_killed_inside_the_script_has_all_of_it_or_nothing(server: Redis, client: Any) -> None:
    PAYOUTS.stamp(client, 417)
    failed: list[Exception] = []

    def write() -> None:
        try:
            with PAYOUTS.fence(client, 418) as batch:
                for _ in range(_MANY):
                    batch.execute("INCR", "{payouts}count")
        except redis.RedisError as error:
            failed.append(error)

    writer = threading.Thread(target=write)
    with redis.Redis(unix_socket_path=server.socket, socket_timeout=0.05) as prober:
        writer.start()
        deadline_s = time.monotonic() + 20
        while time.monotonic() < deadline_s and writer.is_alive():
            try:
                prober.ping()
            except redis.TimeoutError:
                break  # it is inside the script
        server.process.kill()
    writer.join(20)
    server.start()
    count, mark = int(client.get("{payouts}count") or 0), PAYOUTS.status(client)
    assert (count, mark) in ((0, 417), (_MANY, 418))
    assert failed or count == _MANY
