"""What docs/migration.md says of this project: old clients go on reading, and two electors make no two leaders."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.candidates import Candidate
from docs.pages import ROOT, code
from process.conftest import ELECTION, Start
from process.servers import Server, leases
from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess, wait_for
from process.test_contender import CLIENT_GO_RETRY_S, client_go  # noqa: F401

PAGE = ROOT / "docs" / "migration.md"
TERM_S = D_S + MARGIN_S
PROGRAMS = {"sh": ["sh", "-c"], "js": ["node", "-e"], "python": ["python3", "-c"]}


def run(language: str, text: str, **environment: str) -> str:
    """Run a block of the page; returns what it printed."""
    program, flag = PROGRAMS[language]
    missing = [name for name in (program, "curl") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is missing: apt-get install curl nodejs")
    command = [program, flag, text]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout.strip()


def block(language: str, holding: str) -> str:
    """Return the one block of the page in this language that holds these words."""
    (found,) = [text for text in code(PAGE, language) if holding in text]
    return found


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_client_of_leader_elector_reads_a_sidecar(start: Start, language: str) -> None:
    one = start("payouts-0")
    text = block(language, "localhost:4040" if language != "js" else "4040").replace("4040", str(one.port))
    Group([one]).leader(TERM_S)
    assert run(language, text, HOSTNAME="payouts-0") == "leads"
    assert run(language, text, HOSTNAME="payouts-1") == "follows"
    assert run(language, text, HOSTNAME="payouts") == "follows", "a name that ours begins with"


def test_the_variables_of_nais_lead_to_the_same_document(start: Start) -> None:
    one = start("payouts-0")
    Group([one]).leader(TERM_S)
    told = one.document("/")
    assert set(told) == {"name", "last_update"}
    assert told["name"] == "payouts-0"
    time.strptime(told["last_update"], "%Y-%m-%dT%H:%M:%S.%fZ")
    url = f"http://localhost:{one.port}/"
    assert run("python", block("python", "ELECTOR_GET_URL"), ELECTOR_GET_URL=url, HOSTNAME="payouts-0") == "leads"


def test_nobody_is_named_once_the_leader_has_gone(start: Start) -> None:
    leader, other = start("payouts-0"), start("payouts-1")
    first = Group([leader, other]).leader(TERM_S)
    (follower,) = Group([leader, other]).others(first)
    wait_for(lambda: follower.document("/")["name"] == first.pod_name, MARGIN_S, "the follower names the leader")
    first.process.kill()
    wait_for(lambda: follower.document("/")["name"] != first.pod_name, TERM_S, "the one that is gone is not named")


def test_a_lease_for_life_is_taken_over_when_it_has_not_changed_for_d(
    start: Start, server: Server, namespace: str
) -> None:
    path = leases(namespace, ELECTION)
    lease = server.request("GET", path)
    lease["spec"] = {"holderIdentity": "payouts-7d4b9-x2x", "acquireTime": "2026-03-01T10:00:00.000000Z"}
    server.request("PUT", path, lease)
    began_s = time.monotonic()
    one = start("payouts-0")
    named = wait_for(lambda: one.document()["leader"], MARGIN_S, "the leader for life is known")
    assert named["name"] == "payouts-7d4b9-x2x"
    Group([one]).leader(TERM_S)
    assert time.monotonic() - began_s > D_S


@pytest.fixture
def old_elector() -> Iterator[str]:
    """Serve an elector of the old kind, which has chosen payouts-2; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"name":"payouts-2"}')

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_beside_an_old_elector_both_come_to_choose_the_same_pod(group: Group, old_elector: str) -> None:
    text = block("sh", "resign").replace("minValid=3s", "minValid=500ms")  # these elections have a deadline of 2 s
    worked: set[str] = set()

    def ask(sidecar: SidecarProcess) -> str:
        url = f"http://localhost:{sidecar.port}"
        return run("sh", text, ELECTOR_GET_URL=old_elector, POD_NAME=sidecar.pod_name, LEADER_URL=url)

    def one_works() -> str:
        tokens = {one.pod_name: ask(one) for one in group.sidecars}
        worked.update(pod for pod, token in tokens.items() if token)
        return tokens["payouts-2"]

    group.leader(TERM_S)
    # Every cooldown that is asked for from outside waits for the end of the last validity that was handed out.
    token = wait_for(one_works, 4 * TERM_S, "the old elector's leader works")
    assert token == str(group.sidecars[2].token)
    assert worked == {"payouts-2"}


@pytest.mark.apiserver
def test_a_sidecar_that_stops_hands_over_to_client_go_at_its_next_retry(
    client_go: Candidate,  # noqa: F811
    start: Start,
) -> None:
    leader = start("payouts-0")
    Group([leader]).leader(TERM_S)
    client_go.start()
    time.sleep(CLIENT_GO_RETRY_S)
    assert not client_go.leads
    follower = start("payouts-1")
    follower.process.pause()  # it would be faster
    leader.process.stop()
    wait_for(lambda: client_go.leads, CLIENT_GO_RETRY_S + MARGIN_S, "client-go leads")
    follower.process.resume()
    named = wait_for(lambda: follower.document()["leader"], MARGIN_S, "the follower knows the leader")
    assert (named["name"], named["token"]) == ("client-go", None)
