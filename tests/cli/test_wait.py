"""`wait`: until this pod leads."""

import socket
import threading
from collections.abc import Callable
from typing import Any


def test_who_leads_already_does_not_wait(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.lead("default/payouts", 418)
    ended = call("wait", "--url", sidecar.url, "--timeout", "0s")
    assert (ended.code, ended.out, ended.err) == (0, "418\n", "")


def test_leadership_ends_the_wait_by_long_poll(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")

    def lead() -> None:
        assert sidecar.polls.acquire(timeout=20)
        sidecar.show("default/payouts", leader={"name": "web-1"})  # news, but not this
        assert sidecar.polls.acquire(timeout=20)
        sidecar.lead("default/payouts", 419)

    thread = threading.Thread(target=lead)
    thread.start()
    ended = call("wait", "--url", sidecar.url)
    thread.join()
    assert (ended.code, ended.out) == (0, "419\n")
    assert len(sidecar.http.asked) == 3, "one question and two long polls, no busy asking"


def test_time_that_is_up_is_exit_1_and_says_who_leads(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts", leader={"name": "web-1"})
    ended = call("wait", "--url", sidecar.url, "--timeout", "300ms", "--election", "default/payouts")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "leader-sidecar wait: not leading after 300ms; leader: web-1\n"


def test_nobody_there_is_asked_again_until_the_time_is_up(call: Callable[..., Any]) -> None:
    ended = call("wait", "--url", "http://127.0.0.1:9", "--timeout", "600ms")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("cannot reach a sidecar") == 2
    assert ended.err.count("trying again for") == 1


def test_a_sidecar_that_is_still_starting_is_waited_for(start: Callable[..., Any], sidecar: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    process = start("wait", "--url", f"http://127.0.0.1:{port}", "--timeout", "20s")
    assert "trying again" in process.stderr.readline()
    with socket.create_server(("127.0.0.1", port)) as late:
        late.settimeout(20)
        connection, _ = late.accept()
        with connection:
            connection.recv(4096)
            body = b'{"election": "a/x", "isLeader": true, "token": 7, "index": 1}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "7\n")


def test_a_stranger_is_not_waited_for(call: Callable[..., Any], serve: Callable[..., Any]) -> None:
    ended = call("wait", "--url", serve(200, "<html>").url)
    assert ended.code == 2
    assert "is no leader-sidecar" in ended.err


def test_an_election_that_the_sidecar_does_not_have_is_not_waited_for(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    assert call("wait", "--url", sidecar.url, "--election", "default/other").code == 2


def test_a_sidecar_without_long_polls_is_not_asked_without_pause(
    call: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    server = serve(200, '{"election": "a/x", "isLeader": false, "index": 1}', "application/json")
    assert call("wait", "--url", server.url, "--timeout", "1s").code == 1
    assert len(server.asked) < 10
