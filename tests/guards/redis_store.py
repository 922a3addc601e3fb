"""Redis, written through its guard by redis-py, sync and asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio

from guards.servers import Redis
from guards.store import Append, Session, Store
from leader_sidecar.fencing.redis import AsyncGuard, Batch, Guard


def _append_to(batch: Batch, resource: str, token: object) -> Append:
    text = token.decode() if isinstance(token, bytes) else token
    return lambda entry: batch.execute("RPUSH", f"{{{resource}}}entries", f"{text}:{entry}")


class RedisSession(Session):
    def __init__(self, socket: str, resource: str, guard: type[Guard] = Guard) -> None:
        self.resource, self.guard = resource, guard(resource)
        self.client = redis.Redis(unix_socket_path=socket)

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        with self.guard.fence(self.client, token) as batch:
            yield _append_to(batch, self.resource, token)

    def stamp(self, token: object) -> None:
        self.guard.stamp(self.client, token)

    def status(self) -> int:
        return self.guard.status(self.client)

    def reset(self, poisoned: int, token: int) -> bool:
        return self.guard.reset(self.client, poisoned, token)

    def close(self) -> None:
        self.client.close()


class AsyncRedisSession(Session):
    def __init__(self, socket: str, resource: str) -> None:
        self.resource, self.guard, self.runner = resource, AsyncGuard(resource), asyncio.Runner()
        self.client = redis.asyncio.Redis(unix_socket_path=socket, decode_responses=True)

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        fence = self.guard.fence(self.client, token)
        batch = self.runner.run(fence.__aenter__())
        try:
            yield _append_to(batch, self.resource, token)
        except BaseException as error:
            if not self.runner.run(fence.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self.runner.run(fence.__aexit__(None, None, None))

    def stamp(self, token: object) -> None:
        self.runner.run(self.guard.stamp(self.client, token))

    def status(self) -> int:
        return self.runner.run(self.guard.status(self.client))

    def reset(self, poisoned: int, token: int) -> bool:
        return self.runner.run(self.guard.reset(self.client, poisoned, token))

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()


class RedisStore(Store):
    """Args: sessions: how a writer connects, given socket and resource."""

    def __init__(self, name: str, server: Redis, sessions: Any) -> None:
        self.name, self.server, self.sessions = name, server, sessions

    def session(self, resource: str) -> Session:
        session: Session = self.sessions(self.server.socket, resource)
        return session

    def entries(self, resource: str) -> list[tuple[int, str]]:
        with redis.Redis(unix_socket_path=self.server.socket, decode_responses=True) as client:
            lines: Any = client.lrange(f"{{{resource}}}entries", 0, -1)
        return [(int(token), entry) for token, _, entry in (line.partition(":") for line in lines)]

    def crash(self) -> None:
        self.server.crash()

    def cut(self) -> None:
        with redis.Redis(unix_socket_path=self.server.socket) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def address(self) -> str:
        return self.server.socket
