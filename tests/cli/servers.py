"""Small real HTTP servers on loopback that stand for a sidecar, or for whatever else answers where one should."""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, str, str]


class HttpServer:
    """Answer GET and POST by a function of method, path, query and body; counts what was asked."""

    def __init__(self, respond: Callable[[str, str, Mapping[str, str], Any], Answer]) -> None:
        asked = self.asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(None)

            def do_POST(self) -> None:
                self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, body: Any) -> None:
                parts = urlsplit(self.path)
                asked.append(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                status, kind, text = respond(self.command, unquote(parts.path), query, body)
                data = text.encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # a long poll whose asker has gone

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


class FakeSidecar:
    """Speak what DESIGN §5 says of elections; everything else is 404."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.refusing = False
        self.refusals = threading.Semaphore(0)  # one for each question that was refused
        self.documents: dict[str, dict[str, Any]] = {}
        self.polls = threading.Semaphore(0)  # one for each long poll that began
        self.http = HttpServer(self._respond)
        self.url = self.http.url

    def show(self, election: str, **changes: Any) -> None:
        """Change what is said of an election and wake who waits for that."""
        with self._changed:
            before = self.documents.get(election)
            document = before or {
                "election": election,
                "isLeader": False,
                "token": None,
                "validForSeconds": 0,
                "leader": None,
                "self": {"name": "web-0", "identity": "web-0__00"},
                "index": 1,
            }
            self.documents[election] = {**document, "index": document["index"] + (before is not None), **changes}
            self._changed.notify_all()

    def lead(self, election: str, token: int, valid_s: float = 8.214) -> None:
        leader = {"name": "web-0", "identity": "web-0__00", "token": token}
        times = {"acquiredAt": "2026-03-01T10:00:00.123456Z", "renewedAt": "2026-03-01T10:00:05.123456Z"}
        self.show(election, isLeader=True, token=token, validForSeconds=valid_s, leader={**leader, **times})

    def _respond(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Answer:
        if self.refusing:
            self.refusals.release()
            return 503, "application/problem+json", json.dumps({"status": 503, "detail": "shutting down"})
        if path == "/elections":
            return 200, "application/json", json.dumps({"elections": list(self.documents.values())})
        if path.startswith("/elections/"):
            election, _, rest = path.removeprefix("/elections/").rpartition("/leader")
            path = "/leader" + rest
        else:
            election = next(iter(self.documents), "")
        if election not in self.documents or path not in ("/leader", "/leader/check"):
            return 404, "application/problem+json", json.dumps({"status": 404, "detail": f"no election {election}"})
        if path == "/leader/check":
            document = self.documents[election]
            enough = document["validForSeconds"] >= float(query.get("minValid", "0s").rstrip("s"))
            return (200, "text/plain", str(document["token"])) if document["isLeader"] and enough else (503, "", "no")
        if "index" in query:
            self.polls.release()
            with self._changed:
                self._changed.wait_for(
                    lambda: self.documents[election]["index"] != int(query["index"]),
                    float(query["wait"].removesuffix("ms").rstrip("s")) / (1000 if query["wait"].endswith("ms") else 1),
                )
        return 200, "application/json", json.dumps(self.documents[election])
