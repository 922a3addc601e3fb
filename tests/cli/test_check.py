"""`check`: leadership as an exit code."""

from collections.abc import Callable
from typing import Any

import pytest


def test_a_leader_is_exit_0_and_its_token(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.lead("default/payouts", 418)
    ended = call("check", "--url", sidecar.url)
    assert (ended.code, ended.out, ended.err) == (0, "418\n", "")


def test_a_follower_is_exit_1_without_a_word(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    ended = call("check", "--url", sidecar.url)
    assert (ended.code, ended.out, ended.err) == (1, "", "")


def test_enough_time_left_can_be_asked_for(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.lead("default/payouts", 418, valid_s=2.5)
    assert call("check", "--url", sidecar.url, "--min-valid", "2s").code == 0
    assert call("check", "--url", sidecar.url, "--min-valid", "3s").code == 1
    assert sidecar.http.asked[-1] == "/leader/check?minValid=3s"


def test_one_of_several_elections_can_be_asked_for(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    sidecar.lead("default/reports", 9)
    assert call("check", "--url", sidecar.url).code == 1
    assert call("check", "--url", sidecar.url, "--election", "default/reports").out == "9\n"


def test_the_environment_names_the_sidecar(
    call: Callable[..., Any], sidecar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar.lead("default/payouts", 418)
    monkeypatch.setenv("LEADER_URL", f"{sidecar.url}/leader")
    assert call("check").out == "418\n"


def test_nobody_there_is_exit_2_and_names_the_fix(call: Callable[..., Any]) -> None:
    ended = call("check", "--url", "http://127.0.0.1:9")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "leader-sidecar check: cannot reach a sidecar at http://127.0.0.1:9 (Connection refused): "
        "is it running, and is this its --listen? set --url or LEADER_URL\n"
    )


@pytest.mark.parametrize("text", ["", "<html>hello</html>", "0", "-5", "1 2", "9007199254740992"])
def test_a_stranger_that_says_200_is_no_leader(text: str, call: Callable[..., Any], serve: Callable[..., Any]) -> None:
    ended = call("check", "--url", serve(200, text).url)
    assert (ended.code, ended.out) == (2, "")
    assert "is no leader-sidecar" in ended.err


def test_an_unknown_election_is_exit_2_with_the_sidecars_words(call: Callable[..., Any], sidecar: Any) -> None:
    sidecar.show("default/payouts")
    ended = call("check", "--url", sidecar.url, "--election", "default/other")
    assert (ended.code, ended.out) == (2, "")
    assert "404: no election default/other" in ended.err


@pytest.mark.parametrize("url", ["https://localhost:8080", "localhost:8080", "http://", "http://a:b", "http://u@h", ""])
def test_a_wrong_url_is_one_line(url: str, call: Callable[..., Any]) -> None:
    ended = call("check", "--url", url)
    assert ended.code == 2
    assert ended.err.endswith("is no URL of a sidecar: write it as http://localhost:8080\n")
    assert ended.err.count("\n") == 1


def test_a_wrong_duration_says_what_to_write(call: Callable[..., Any]) -> None:
    ended = call("check", "--min-valid", "3")
    assert (ended.code, ended.err) == (
        2,
        "leader-sidecar check: argument --min-valid: '3' is not a duration: write 3s\n",
    )
