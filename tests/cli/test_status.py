"""`status`: a short table for people, documents for programs, lines at each change."""

import json
from collections.abc import Callable
from typing import Any

import pytest


def two_elections(sidecar: Any) -> None:
    sidecar.lead("default/payouts", 418)
    leader = {"name": "web-1", "identity": "web-1__ff", "token": None, "acquiredAt": "", "renewedAt": ""}
    sidecar.show("batch/reports", leader=leader)
    sidecar.show("batch/idle")


def test_people_see_every_election_in_a_short_table(call: Callable[..., Any], sidecar: Any) -> None:
    two_elections(sidecar)
    ended = call("status", "--url", sidecar.url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "ELECTION         THIS POD  LEADER        TOKEN  VALID FOR  SINCE\n"
        "default/payouts  leads     web-0         418    8.2s       2026-03-01T10:00:00Z\n"
        "batch/reports    follows   web-1         -      -          -\n"
        "batch/idle       follows   nobody known  -      -          -\n"
    )


def test_programs_get_the_documents(call: Callable[..., Any], sidecar: Any) -> None:
    two_elections(sidecar)
    ended = call("status", "--json", "--url", sidecar.url)
    assert json.loads(ended.out) == list(sidecar.documents.values())


def test_watch_prints_each_change_of_every_election(start: Callable[..., Any], sidecar: Any) -> None:
    two_elections(sidecar)
    process = start("status", "--watch", "--url", sidecar.url)
    assert [process.stdout.readline().split()[0] for _ in range(4)] == [
        "ELECTION",
        "default/payouts",
        "batch/reports",
        "batch/idle",
    ]
    for _ in range(3):
        assert sidecar.polls.acquire(timeout=20)
    sidecar.lead("batch/reports", 500)
    assert process.stdout.readline().split()[:4] == ["batch/reports", "leads", "web-0", "500"]
    sidecar.show("default/payouts", isLeader=False, token=None, validForSeconds=0)
    assert process.stdout.readline().split()[:4] == ["default/payouts", "follows", "web-0", "418"]


def test_watch_as_json_is_one_document_a_line(start: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    process = start("status", "--watch", "--json", "--url", sidecar.url)
    assert json.loads(process.stdout.readline())["isLeader"] is False
    assert sidecar.polls.acquire(timeout=20)
    sidecar.lead("default/payouts", 419)
    assert json.loads(process.stdout.readline())["token"] == 419


def test_watch_outlives_a_sidecar_that_restarts(start: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    process = start("status", "--watch", "--json", "--url", sidecar.url)
    assert process.stdout.readline()
    assert sidecar.polls.acquire(timeout=20)
    sidecar.refusing = True
    sidecar.show("default/payouts", leader={"name": "web-1"})
    assert json.loads(process.stdout.readline())["leader"] == {"name": "web-1"}
    assert sidecar.refusals.acquire(timeout=20)
    sidecar.refusing = False
    sidecar.lead("default/payouts", 420)
    assert json.loads(process.stdout.readline())["token"] == 420


def test_watch_ends_with_exit_2_when_the_sidecar_is_another_one_now(start: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    process = start("status", "--watch", "--url", sidecar.url)
    assert sidecar.polls.acquire(timeout=20)
    sidecar.documents["default/payouts"] = {"election": "default/payouts", "index": "text", "isLeader": False}
    with sidecar._changed:
        sidecar._changed.notify_all()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "is no leader-sidecar" in err


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<html>", "text/html"),
        ("[1]", "application/json"),
        ("[]]", "application/json"),
        ('{"elections": 5}', "application/json"),
        ('[{"election": "a/x", "isLeader": "yes", "index": 1}]', "application/json"),
        ('[{"election": "a/x", "isLeader": true, "token": null, "index": 1}]', "application/json"),
    ],
)
def test_a_stranger_is_exit_2_and_one_line(
    text: str, kind: str, call: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    ended = call("status", "--url", serve(200, text, kind).url)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert "is no leader-sidecar" in ended.err


def test_a_sidecar_that_cannot_answer_now_is_exit_2_with_its_words(
    call: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    problem = json.dumps({"title": "Service Unavailable", "detail": "shutting\ndown"})
    ended = call("status", "--url", serve(503, problem, "application/problem+json").url)
    assert ended.code == 2
    assert "answers 503: shutting down" in ended.err


def test_nobody_there_is_exit_2_and_names_the_fix(call: Callable[..., Any]) -> None:
    ended = call("status", "--url", "http://127.0.0.1:9")
    assert ended.code == 2
    assert "set --url or LEADER_URL" in ended.err
