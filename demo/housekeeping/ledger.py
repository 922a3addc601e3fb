"""The ledger: a small HTTP service that applies a write only through its guard, and keeps the evidence.

    python3 -m housekeeping.ledger --listen 127.0.0.1:8090 --database ledger.db

    GET  /batch       the batch at the pointer, its merchants, who was paid
    POST /payments    {"batch": 417, "merchant": "merchant-012"}
    POST /pointer     {"batch": 417}: 417 -> 418
    POST /purge       deletes rows that have expired
    POST /stamp       shuts older terms out
    GET  /evidence    accepted, refused, paid twice, never paid
    GET  /healthz

Each write that was accepted or refused is one line of JSON in the log, in the order in which they took effect.
Writes carry X-Fencing-Token: 412 where it is stale, 400 malformed, 428 absent; 409 where the pointer is elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from housekeeping.books import Books, Misplaced
from housekeeping.saying import say

from leader_sidecar.fencing import AbsentToken, MalformedToken, StaleToken

_LARGEST = 10_000
_STATUS = {StaleToken: 412, MalformedToken: 400, AbsentToken: 428, Misplaced: 409}


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or ctrl-C. Returns: the exit code."""
    parser = argparse.ArgumentParser(prog="ledger", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--listen", default="0.0.0.0:8090", help="address and port (0.0.0.0:8090); port 0 is a free one"
    )
    parser.add_argument("--database", default="ledger.db", help="a file for SQLite, or a postgresql:// DSN")
    parser.add_argument("--seed", type=int, default=417, help="decides batches, merchants and amounts (417)")
    parser.add_argument(
        "--no-guard", action="store_true", help="write tokens down, but refuse none: for demonstrations"
    )
    flags = parser.parse_args(argv)
    host, _, port = flags.listen.rpartition(":")
    books = Books(flags.database, seed=flags.seed, guarded=not flags.no_guard, say=say)
    server = ThreadingHTTPServer((host, int(port)), _handler(books))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    say("serving", port=server.server_port, guarded=books.guarded)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 130
    return 0


def _handler(books: Books) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"
        timeout = 30.0

        def do_GET(self) -> None:
            answers = {"/batch": books.batch, "/evidence": books.evidence, "/healthz": lambda: {"ok": True}}
            if self.path in answers:
                self._tell(200, answers[self.path]())
            else:
                self._tell(404, {"detail": f"there is nothing at {self.path[:100]}"})

        def do_POST(self) -> None:
            try:
                self._tell(200, self._write(self._body()))
            except tuple(_STATUS) as refusal:
                self._tell(_STATUS[type(refusal)], {"detail": str(refusal)})
            except (ValueError, KeyError, TypeError) as error:
                self._tell(400, {"detail": f"not a body for {self.path[:100]}: {error}"})

        def _write(self, body: dict[str, Any]) -> dict[str, Any]:
            token = self.headers.get("X-Fencing-Token")
            if self.path == "/payments":
                books.pay(token, _whole(body["batch"]), str(body["merchant"]))
            elif self.path == "/pointer":
                books.move(token, _whole(body["batch"]))
            elif self.path == "/purge":
                return {"purged": books.purge(token)}
            elif self.path == "/stamp":
                books.stamp(token)
            else:
                raise ValueError("there is nothing to write there")
            return {"ok": True}

        def _body(self) -> dict[str, Any]:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _LARGEST:
                raise ValueError(f"over {_LARGEST} bytes")
            told = json.loads(self.rfile.read(length) or b"{}")
            if not isinstance(told, dict):
                raise ValueError("not an object")
            return told

        def _tell(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of each request: the evidence does."""

    return Handler


def _whole(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number < 2**53:
        raise ValueError("batch is no whole number")
    return number


if __name__ == "__main__":
    sys.exit(main())
