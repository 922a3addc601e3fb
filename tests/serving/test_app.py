"""Which path of the app's port is answered by what, and for whom."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import yaml

from leader_sidecar.core.status import Leader
from serving.client import ask, ask_raw
from serving.conftest import Serve
from serving.election import ACQUIRED_AT, OTHER_IDENTITY, RENEWED_AT, SELF, FakeElection

OURS = [
    "localhost",
    "localhost:8080",
    "LocalHost:1",
    "localhost:",
    "127.0.0.1",
    "127.0.0.1:8080",
    "[::1]",
    "[::1]:65000",
]
FOREIGN = [
    "",
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "localhost.",
    "localhost%00",
    "localhost:80@evil.example",
    "localhost:evil",
    "127.0.0.2",
    "127.1",
    "0.0.0.0",
    "[::]",
    "[::1]evil",
    "10.0.0.1:8080",
    "payouts.default.svc",
]
ENDLESS = ("/leader/events", "/elections/{election}/leader/events")


@pytest.mark.parametrize("host", OURS)
async def test_a_host_that_names_localhost_is_answered(port: int, host: str) -> None:
    assert (await ask(port, "/leader", Host=host)).status == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/leader", "/openapi.yaml", "/nothing"])
async def test_another_host_is_misdirected(port: int, host: str, path: str) -> None:
    assert "localhost" in (await ask(port, path, Host=host)).problem(421)


async def test_a_request_without_a_host_is_told_nothing(port: int) -> None:
    (await ask_raw(port, b"GET /leader HTTP/1.0\r\n\r\n")).problem(421)
    assert (await ask_raw(port, b"GET /leader HTTP/1.1\r\n\r\n")).status in (400, 421)


async def test_two_hosts_are_told_nothing(port: int) -> None:
    for hosts in (b"Host: localhost\r\nHost: evil.example", b"Host: evil.example\r\nHost: localhost"):
        assert (await ask_raw(port, b"GET /leader HTTP/1.1\r\n" + hosts + b"\r\n\r\n")).status in (400, 421)


async def test_the_host_of_a_target_that_is_a_whole_url_counts(port: int) -> None:
    assert (await ask(port, "http://localhost:8080/leader")).status == 200
    assert (await ask(port, "http://[::1]:8080/leader")).status == 200
    (await ask(port, "http://evil.example/leader")).problem(421)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/leader/",
        "//leader",
        "/leader/nothing",
        "/x/../leader",
        "/LEADER",
        "/elections/",
        "/elections/payouts",
        "/elections/payouts/nothing",
        "/elections/%00/leader",
        "/elections/%ff/leader",
        "/elections/%zz/leader",
        "/elections//leader",
        "/livez",
        "/metrics",
    ],
)
async def test_a_path_without_anything_is_not_found(port: int, path: str) -> None:
    assert (await ask(port, path)).problem(404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
@pytest.mark.parametrize(
    "path", ["/", "/leader", "/leader/check", "/leader/events", "/elections", "/elections/payouts/leader"]
)
async def test_what_is_read_knows_get_and_head_only(port: int, path: str, method: str) -> None:
    if method == "NONSENSE":
        answer = await ask_raw(port, f"NONSENSE {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer.problem(400)
        return
    answer = await ask(port, path, method)
    assert "use GET" in answer.problem(405)
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_resign_knows_post_only(port: int, election: FakeElection, method: str) -> None:
    await election.lead()
    answer = await ask(port, "/leader/resign", method)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert election.resigned == []


async def test_leader_is_about_the_first_election(serve: Serve) -> None:
    port = (await serve(FakeElection("default/payouts"), FakeElection("default/reports"))).port
    assert (await ask(port, "/leader")).document["election"] == "default/payouts"


@pytest.mark.parametrize(
    ("path", "election"),
    [
        ("reports", "default/reports"),
        ("default%2Freports", "default/reports"),
        ("default%2freports", "default/reports"),
        ("other%2Fpayouts", "other/payouts"),
        ("leader", "default/leader"),
        ("default%2Fleaders", "default/leaders"),
    ],
)
async def test_an_election_is_found_by_its_name(serve: Serve, path: str, election: str) -> None:
    names = ("default/payouts", "default/reports", "other/payouts", "default/leader", "default/leaders")
    port = (await serve(*map(FakeElection, names))).port
    assert (await ask(port, f"/elections/{path}/leader")).document["election"] == election
    assert (await ask(port, f"/elections/{path}/leader/check")).problem(503).endswith(election)


async def test_a_name_that_several_elections_have_needs_its_namespace(serve: Serve) -> None:
    port = (await serve(FakeElection("default/payouts"), FakeElection("other/payouts"))).port
    detail = (await ask(port, "/elections/payouts/leader")).problem(404)
    assert "namespace%2Fname" in detail
    assert "default/payouts, other/payouts" in detail


async def test_an_unknown_election_is_told_with_the_known_ones(port: int) -> None:
    detail = (await ask(port, "/elections/report/leader")).problem(404)
    assert "'report'" in detail
    assert "default/payouts" in detail


async def test_elections_are_listed_in_order(serve: Serve) -> None:
    first, second = FakeElection("default/payouts"), FakeElection("default/archive")
    await second.lead(token=7)
    port = (await serve(first, second)).port
    told = (await ask(port, "/elections")).document["elections"]
    assert [(one["election"], one["token"]) for one in told] == [("default/payouts", None), ("default/archive", 7)]


async def test_the_root_tells_what_users_of_older_sidecars_read(port: int, election: FakeElection) -> None:
    assert (await ask(port, "/")).document == {"name": "", "last_update": ""}
    await election.lead()
    assert (await ask(port, "/")).document == {"name": SELF, "last_update": RENEWED_AT}
    await election.follow(Leader("payouts-1", OTHER_IDENTITY, 419, ACQUIRED_AT, RENEWED_AT))
    answer = await ask(port, "/")
    assert answer.document == {"name": "payouts-1", "last_update": RENEWED_AT}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == f'{{"name":"payouts-1","last_update":"{RENEWED_AT}"}}'.encode(), "with grep they read it"


async def test_openapi_is_served_as_it_is_packaged(port: int) -> None:
    answer = await ask(port, "/openapi.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert answer.body == files("leader_sidecar.serving").joinpath("openapi.yaml").read_bytes()


async def test_every_path_of_openapi_is_served_with_its_methods_and_no_other(port: int, election: FakeElection) -> None:
    paths = yaml.safe_load((await ask(port, "/openapi.yaml")).body)["paths"]
    for path, operations in paths.items():
        allowed = {method.upper() for method in operations if method != "parameters"}
        for method in ("GET", "POST"):
            if path in ENDLESS and method == "GET":
                method = "HEAD"
            answer = await ask(port, path.replace("{election}", "payouts"), method)
            assert answer.status != 404, path
            assert (answer.status != 405) == (method.replace("HEAD", "GET") in allowed), (path, method)


async def test_every_path_that_is_served_is_in_openapi(port: int) -> None:
    paths = yaml.safe_load((await ask(port, "/openapi.yaml")).body)["paths"]
    source = files("leader_sidecar.serving").joinpath("app.py").read_text()
    served = set(re.findall(r'^ +"(/[a-z./]*)": ', source, re.MULTILINE))
    assert {"/", "/leader", "/leader/resign"} < served
    assert served | {f"/elections/{{election}}{path}" for path in served if path.startswith("/leader")} == set(paths)


async def test_no_answer_may_be_read_by_other_origins(port: int) -> None:
    answer = await ask(port, "/leader", Origin="http://evil.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_answers_do_not_name_the_library_that_made_them(serve: Serve) -> None:
    served = await serve()
    for port, path in ((served.port, "/leader"), (served.port, "/x"), (served.probe_port, "/livez")):
        assert (await ask(port, path)).headers["server"] == "leader-sidecar"
