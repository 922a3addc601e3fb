"""HTTP services behind their guard, asked over a Unix socket by a client that can hold a request open."""

from __future__ import annotations

import http.client
import itertools
import json
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cluster.processes import Process
from guards.store import MALFORMED, Append, Session, Store, child_environment
from leader_sidecar.fencing import AbsentToken, Busy, MalformedToken, StaleToken

_numbers = itertools.count(1)
_ADMITTED_S = 30.0


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class HttpSession(Session):
    def __init__(self, path: str, resource: str) -> None:
        self.resource, self._path = resource, path
        self._connection = _Connection(path)

    def write(self, token: object, entry: str) -> None:
        self._ask("POST", "entries", token, entry.encode())

    @contextmanager
    def guarded(self, token: object) -> Iterator[Append]:
        """Send the head, wait until the service has let it in or refused it, then send the body."""
        number = f"{next(_numbers)}"
        with closing(_Connection(self._path)) as held:
            held.putrequest("POST", f"/{self.resource}/entries")
            for name, value in {**_headers(token), "X-Number": number, "Transfer-Encoding": "chunked"}.items():
                held.putheader(name, value)
            held.endheaders()
            if not self._admitted(held, number):
                self._judge(held.getresponse(), token)
            yield lambda entry: held.send(b"%x\r\n%s\r\n" % (len(entry), entry.encode()))
            held.send(b"0\r\n\r\n")
            self._judge(held.getresponse(), token)

    def _admitted(self, held: http.client.HTTPConnection, number: str) -> bool:
        deadline_s = time.monotonic() + _ADMITTED_S
        while time.monotonic() < deadline_s:
            if select.select([held.sock], [], [], 0.005)[0]:
                return False
            if number in self._ask("GET", "serving").decode().split():
                return True
        raise AssertionError("the request was neither let in nor refused")

    def may_retry(self, error: Exception) -> bool:
        return isinstance(error, Busy)

    def stamp(self, token: object) -> None:
        self._ask("POST", "fence", token)

    def status(self) -> int:
        return int(json.loads(self._ask("GET", "fence"))["highWater"])

    def reset(self, poisoned: int, token: int) -> bool:
        return bool(json.loads(self._ask("POST", "reset", number=f"{poisoned},{token}")))

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, what: str, token: object = None, body: bytes | None = None, number: str = "0") -> bytes:
        headers = {**_headers(token), "X-Number": number}
        self._connection.request(method, f"/{self.resource}/{what}", body=body, headers=headers)
        return self._judge(self._connection.getresponse(), token)

    def _judge(self, answer: http.client.HTTPResponse, token: object) -> bytes:
        body = answer.read()
        if answer.status < 300:
            return body
        told = json.loads(body)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert told["status"] == answer.status
        match answer.status:
            case 412:
                raise StaleToken(told["resource"], int(str(token)), told["highWater"])
            case 400:
                raise MalformedToken(told["resource"], token)
            case 428:
                raise AbsentToken(told["resource"])
            case 503:
                assert answer.headers["Retry-After"] == "1"
                raise Busy(told["resource"], 0)
        raise AssertionError(told)


def _headers(token: object) -> dict[str, Any]:
    return {} if token is None else {"X-Fencing-Token": token if isinstance(token, str | bytes) else str(token)}


def _may_be_sent(token: object) -> bool:
    """Whether a header can hold it as what it is: spaces around are no part of a value, nor are line ends."""
    if isinstance(token, bytes):
        return True
    return isinstance(token, str) and token == token.strip() and "\n" not in token and token.isascii()


class HttpStore(Store):
    """Args: name: `http, asgi` or `http, aiohttp`; guard: which of `http_services.GUARDS`."""

    announces = True
    malformed = tuple(token for token in MALFORMED if _may_be_sent(token))

    def __init__(self, name: str, folder: Path, guard: str = "right") -> None:
        self.name, self.folder = name, folder
        self.socket = str(folder / "socket")
        kind = name.partition(", ")[2]
        command = [sys.executable, "-m", "guards.http_services", kind, self.socket, str(folder), guard]
        environment = [f"PYTHONPATH={child_environment()['PYTHONPATH']}"]
        self.process = Process(["/usr/bin/env", *environment, *command], folder / "log", folder / "none")
        self.start()

    def start(self) -> None:
        Path(self.socket).unlink(missing_ok=True)
        self.process.start()
        deadline_s = time.monotonic() + 20
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    return probe.connect(self.socket)
                except OSError:
                    assert self.process.pid, self.process.log_tail()
                    assert time.monotonic() < deadline_s, self.process.log_tail()
            time.sleep(0.01)

    def close(self) -> None:
        self.process.end_with(signal.SIGKILL)

    def new_resource(self) -> str:
        return super().new_resource().replace("/", "-")

    def session(self, resource: str) -> HttpSession:
        return HttpSession(self.socket, resource)

    def entries(self, resource: str) -> list[tuple[int, str]]:
        file = self.folder / f"{resource}.entries"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(token), entry) for token, _, entry in (line.partition(":") for line in lines)]

    def crash(self) -> None:
        self.process.kill()
        self.start()

    def die_halfway(self, resource: str, token: int, entry: str) -> None:
        """Kill the service while a request that was let in waits for the end of its body."""
        try:
            with closing(self.session(resource)) as session, session.guarded(token) as append:
                append(entry)
                self.crash()
        except (OSError, http.client.HTTPException):
            return
        raise AssertionError("the request was answered by a dead service")
