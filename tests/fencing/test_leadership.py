"""`Leadership` without asyncio: what an application learns of its term, and when it must believe it no more."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from fencing.fake_sidecar import FakeSidecar
from leader_sidecar.fencing import Leadership, NotLeading, Term

SOON_S = 5.0


def the_term(leadership: Leadership) -> Term:
    term = leadership.term()
    assert term is not None
    return term


def test_who_leads_has_a_term(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=8.0)
    term = the_term(Leadership(sidecar.url))
    assert (term.token, term.election) == (418, "default/payouts")
    assert 7.0 < term.valid_for_s <= 8.0
    assert term


def test_who_follows_has_none(sidecar: FakeSidecar) -> None:
    assert Leadership(sidecar.url).term() is None


def test_a_sidecar_that_does_not_answer_is_not_leading(sidecar: FakeSidecar) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert Leadership(f"http://127.0.0.1:{port}").term() is None
    sidecar.lead(418)
    sidecar.silent = True
    began_s = time.monotonic()
    assert Leadership(sidecar.url).term() is None
    assert time.monotonic() - began_s < SOON_S


def test_validity_runs_out_by_itself(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=0.1)
    term = the_term(Leadership(sidecar.url))
    time.sleep(0.15)
    assert not term
    assert term.valid_for_s == 0


def test_check_asks_again_when_too_little_is_known_to_be_left(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.0)
    term = the_term(Leadership(sidecar.url))
    term.check(0.2)
    assert len(sidecar.asked) == 1, "enough is known to be left"
    with pytest.raises(NotLeading, match="of 3s that the work needs"):
        term.check(3.0)
    sidecar.lead(418, valid_s=9.0)
    term.check(3.0)
    assert term.valid_for_s > 3.0


def test_check_does_not_go_on_with_another_term(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.0)
    term = the_term(Leadership(sidecar.url))
    sidecar.lead(419, valid_s=9.0)
    with pytest.raises(NotLeading, match="term 418 of default/payouts: it is over"):
        term.check(2.0)
    sidecar.lead(418, valid_s=9.0)
    with pytest.raises(NotLeading):
        term.check(0.0)


def test_what_a_silent_sidecar_told_before_holds_until_its_end_and_no_longer(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.6)
    term = the_term(Leadership(sidecar.url))
    sidecar.silent = True
    term.check(0.1)
    with pytest.raises(NotLeading):
        term.check(3.0)  # asks, which takes a second
    time.sleep(term.valid_for_s)
    with pytest.raises(NotLeading):
        term.check()


def test_wait_ends_with_the_event(sidecar: FakeSidecar) -> None:
    threading.Timer(0.2, sidecar.lead, (418,)).start()
    assert Leadership(sidecar.url).wait(SOON_S).token == 418
    assert sidecar.asked == ["/leader", "/leader/events"], "asked once, then listened"


def test_wait_without_events_asks(sidecar: FakeSidecar) -> None:
    sidecar.without_events = True
    threading.Timer(0.2, sidecar.lead, (418,)).start()
    assert Leadership(sidecar.url).wait(SOON_S).token == 418


def test_wait_ends_when_the_time_is_up(sidecar: FakeSidecar) -> None:
    for sidecar.without_events in (False, True):
        with pytest.raises(NotLeading, match=r"within 0\.2s"):
            Leadership(sidecar.url).wait(0.2)


def test_a_term_is_ended_by_the_event_and_the_next_one_given(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    terms = Leadership(sidecar.url).terms()
    first = next(terms)
    threading.Timer(0.2, sidecar.follow).start()
    assert first.ended.wait(SOON_S), "long before its validity ends"
    assert not first
    threading.Timer(0.2, sidecar.lead, (419,)).start()
    assert next(terms).token == 419
    terms.close()


def test_a_followed_term_is_extended_by_asking(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=0.6)
    terms = Leadership(sidecar.url).terms()
    term = next(terms)
    for _ in range(5):
        sidecar.lead(418, valid_s=0.6)
        time.sleep(0.3)
        assert term
    assert term.ended.wait(SOON_S), "nobody renews it any more"
    terms.close()


def test_without_a_stream_the_term_is_followed_by_asking(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    terms = Leadership(sidecar.url).terms()
    term = next(terms)
    sidecar.without_events = True
    sidecar.cut()
    assert not term.ended.wait(0.8)
    sidecar.follow()
    assert term.ended.wait(SOON_S)
    terms.close()


def test_a_followed_term_ends_at_its_time_when_the_sidecar_falls_silent(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.0)
    terms = Leadership(sidecar.url).terms()
    term = next(terms)
    sidecar.silent = True
    sidecar.cut()
    assert term.ended.wait(SOON_S)
    sidecar.silent = False
    terms.close()


def test_another_token_ends_the_term(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    terms = Leadership(sidecar.url).terms()
    term = next(terms)
    sidecar.lead(419)
    assert term.ended.wait(SOON_S)
    assert next(terms).token == 419
    terms.close()


def test_closing_leaves_no_thread(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    terms = Leadership(sidecar.url).terms()
    term = next(terms)
    terms.close()
    assert not term
    assert not [thread for thread in threading.enumerate() if thread.name == "leadership"]


@pytest.mark.parametrize("url", ["localhost:8080", "https://x", "http://", "http://u@h/", "http://h/?q"])
def test_a_url_of_no_sidecar_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no URL of a sidecar"):
        Leadership(url)


def test_the_address_comes_from_the_environment(sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar.lead(418)
    monkeypatch.setenv("LEADER_URL", f"{sidecar.url}/leader")
    assert the_term(Leadership()).token == 418
