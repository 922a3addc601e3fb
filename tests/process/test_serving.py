"""What a running sidecar serves, tells and refuses, seen from outside."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from process.conftest import ELECTION, OTHER_ELECTION, Start
from process.servers import Server
from process.sidecars import D_S, MARGIN_S, QUICK, Group, wait_for
from serving.schema import run_schemathesis


def test_the_openapi_file_holds_for_a_running_sidecar(start: Start) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)
    run_schemathesis(f"http://127.0.0.1:{one.port}")
    assert one.process.pid, one.process.log_tail()


def test_both_loopback_families_answer_on_one_port(start: Start) -> None:
    one = start("payouts-0")
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            client.settimeout(5.0)
            client.connect((host, one.port))
            client.sendall(b"GET /leader HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.recv(64).startswith(b"HTTP/1.1 200 ")


def test_probes_and_metrics_tell_who_leads(start: Start, namespace: str) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)
    assert one.get("/livez", probe=True)[0] == 200
    assert one.get("/readyz", probe=True)[0] == 200
    status, metrics = one.get("/metrics", probe=True)
    assert status == 200
    assert f'leader_election_master_status{{name="{namespace}/{ELECTION}"}} 1.0' in metrics
    tokens = [line for line in metrics.splitlines() if line.startswith("leader_sidecar_fencing_token{")]
    assert [float(line.split()[-1]) for line in tokens] == [float(one.token)]


def test_ready_when_leader_keeps_a_follower_out_of_the_service(start: Start) -> None:
    leader = start("payouts-0", settings=[*QUICK, "--ready-when-leader"])
    Group([leader]).leader(D_S + MARGIN_S)
    follower = start("payouts-1", settings=[*QUICK, "--ready-when-leader"])
    wait_for(lambda: follower.document()["leader"], 5.0, "it knows the leader")
    assert leader.get("/readyz", probe=True)[0] == 200
    assert follower.get("/readyz", probe=True)[0] == 503


def test_verify_asks_the_api_server(start: Start, server: Server) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)
    assert one.document("/leader?verify=true")["isLeader"]
    server.process.pause()
    try:
        assert one.get("/leader?verify=true")[0] == 503
    finally:
        server.process.resume()


def test_one_process_stands_in_several_elections(start: Start, namespace: str) -> None:
    elections = [f"{namespace}/{ELECTION}", f"{namespace}/{OTHER_ELECTION}"]
    one = start("payouts-0", elections=elections)
    Group([one]).leader(D_S + MARGIN_S)
    status, body = one.get("/elections")
    assert status == 200
    assert elections[1] in body
    assert one.get(f"/elections/{OTHER_ELECTION}/leader")[0] == 200
    assert one.get("/elections/nothing/leader")[0] == 404


def test_the_lease_shows_events_of_a_term(start: Start, server: Server, namespace: str) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)
    told = f"became leader, token={one.token}"

    def shown() -> list[str]:
        path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
        items = server.request("GET", path)["items"]
        return [item["note"] for item in items if item["reason"] == "LeaderElection"]

    assert wait_for(lambda: [note for note in shown() if note.endswith(told)], 5.0, "the Event is there")
    one.process.stop()
    assert any("stopped leading" in note for note in shown())


def test_a_second_sidecar_of_one_pod_says_so_and_exits_2(start: Start) -> None:
    first = start("payouts-0")
    ended = subprocess.run(first.process.command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "another sidecar of this pod" in line


@pytest.mark.parametrize("flag", ["--listen", "--probe-listen"])
def test_a_port_that_is_taken_is_told_in_one_line_with_its_flag(start: Start, flag: str) -> None:
    first = start("payouts-0")
    taken = first.port if flag == "--listen" else first.probe_port
    host = "localhost" if flag == "--listen" else "127.0.0.1"
    command = [part for part in first.process.command if part != first.pod_uid]
    del command[command.index("--pod-uid")]
    command[command.index(flag) + 1] = f"{host}:{taken}"
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert flag in line
    assert str(taken) in line


def test_the_process_imports_neither_kubernetes_nor_kopf() -> None:
    program = "import sys, leader_sidecar.runtime.main; print(sorted({'kubernetes', 'kopf'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert ended.stdout.strip() == "[]"
