"""A sidecar that says what a test wants, over real sockets: `/leader`, `/leader/check` and `/leader/events`."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class FakeSidecar:
    """Answer from one document, which tests change; every change is told on the streams.

    Args:
        silent: accept requests, and answer none.
        without_events: answer the stream with 404, as older sidecars would.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._leads: dict[str, Any] | None = None
        self._changes = 0
        self.silent = self.without_events = False
        self.cuts = 0
        self.asked: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                while fake.silent:
                    time.sleep(0.02)
                if self.path == "/leader":
                    self._say(200, json.dumps(fake.document()).encode())
                elif self.path == "/leader/check?minValid=3s":
                    document = fake.document()
                    enough = document["validForSeconds"] >= 3
                    self._say(200 if enough else 503, f"{document['token']}\n".encode())
                elif self.path == "/leader/events" and not fake.without_events:
                    self._stream()
                else:
                    self._say(404, b"{}")

            def _say(self, status: int, body: bytes) -> None:
                with contextlib.suppress(OSError):  # who asked has gone
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(body)

            def _stream(self) -> None:
                self.send_response(200)
                self.end_headers()
                cuts, told = fake.cuts, -1
                while True:
                    with fake._changed:
                        while told == fake._changes and cuts == fake.cuts:
                            fake._changed.wait(30)
                        told, document = fake._changes, fake.document(late=True)
                    if fake.cuts != cuts:
                        return
                    kind = "leader" if document["isLeader"] else "follower"
                    text = f": still here\n\nevent: {kind}\nid: {told}\ndata: {json.dumps(document)}\n\n"
                    try:
                        self.wfile.write(text.encode())
                    except OSError:
                        return

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def document(self, late: bool = False) -> dict[str, Any]:
        if self._leads is None:
            return {"election": "default/payouts", "isLeader": False, "token": None, "validForSeconds": 0, "index": 1}
        left_s = self._leads["until_s"] - boottime_s()
        document = {"election": "default/payouts", "isLeader": left_s > 0, "token": self._leads["token"], "index": 2}
        document["validForSeconds"] = max(0.0, left_s)
        return {**document, "validUntilBoottimeSeconds": self._leads["until_s"]} if late else document

    def lead(self, token: int, valid_s: float = 10.0) -> None:
        """Lead with this token, from now on or still."""
        again = self._leads is not None and self._leads["token"] == token
        self._show({"token": token, "until_s": boottime_s() + valid_s}, told=not again)

    def follow(self) -> None:
        """Lead no more."""
        self._show(None)

    def cut(self) -> None:
        """Break every stream."""
        with self._changed:
            self.cuts += 1
            self._changed.notify_all()

    def close(self) -> None:
        self.silent = False
        self.cut()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _show(self, leads: dict[str, Any] | None, told: bool = True) -> None:
        with self._changed:
            self._leads = leads
            self._changes += told  # a renewal is no change: events do not tell it
            self._changed.notify_all()
