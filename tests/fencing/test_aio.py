"""`Leadership` for asyncio keeps what the other one does."""

from __future__ import annotations

import asyncio
import time

import pytest

from fencing.fake_sidecar import FakeSidecar
from leader_sidecar.fencing.aio import Leadership, NotLeading, Term

SOON_S = 5.0


async def the_term(leadership: Leadership) -> Term:
    term = await leadership.term()
    assert term is not None
    return term


async def test_who_leads_has_a_term_and_who_follows_none(sidecar: FakeSidecar) -> None:
    assert await Leadership(sidecar.url).term() is None
    sidecar.lead(418, valid_s=8.0)
    term = await the_term(Leadership(sidecar.url))
    assert (term.token, term.election) == (418, "default/payouts")
    assert 7.0 < term.valid_for_s <= 8.0


async def test_a_sidecar_that_does_not_answer_is_not_leading(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    sidecar.silent = True
    began_s = time.monotonic()
    assert await Leadership(sidecar.url).term() is None
    assert time.monotonic() - began_s < SOON_S
    assert await Leadership("http://127.0.0.1:9").term() is None


async def test_check_asks_again_and_does_not_go_on_with_another_term(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.0)
    term = await the_term(Leadership(sidecar.url))
    with pytest.raises(NotLeading, match="of 3s that the work needs"):
        await term.check(3.0)
    sidecar.lead(418, valid_s=9.0)
    await term.check(3.0)
    sidecar.lead(419, valid_s=9.0)
    with pytest.raises(NotLeading, match="it is over"):
        await term.check(20.0)


async def test_what_a_silent_sidecar_told_before_holds_until_its_end(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.6)
    term = await the_term(Leadership(sidecar.url))
    sidecar.silent = True
    await term.check(0.1)
    with pytest.raises(NotLeading):
        await term.check(3.0)  # asks


async def test_wait_ends_with_the_event_or_when_the_time_is_up(sidecar: FakeSidecar) -> None:
    with pytest.raises(NotLeading, match=r"within 0\.2s"):
        await Leadership(sidecar.url).wait(0.2)
    asyncio.get_running_loop().call_later(0.2, sidecar.lead, 418)
    assert (await Leadership(sidecar.url).wait(SOON_S)).token == 418


async def test_a_term_is_ended_by_the_event_and_the_next_one_given(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    loop, terms = asyncio.get_running_loop(), Leadership(sidecar.url).terms()
    first = await anext(terms)
    loop.call_later(0.2, sidecar.follow)
    async with asyncio.timeout(SOON_S):
        await first.ended.wait()
    assert not first
    loop.call_later(0.2, sidecar.lead, 419)
    assert (await anext(terms)).token == 419
    await terms.aclose()  # type: ignore[attr-defined]


async def test_a_followed_term_is_extended_and_survives_the_loss_of_the_stream(sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=0.6)
    terms = Leadership(sidecar.url).terms()
    term = await anext(terms)
    for number in range(5):
        sidecar.lead(418, valid_s=0.6)
        if number == 2:
            sidecar.without_events = True
            sidecar.cut()
        await asyncio.sleep(0.3)
        assert term
    async with asyncio.timeout(SOON_S):
        await term.ended.wait()
    await terms.aclose()  # type: ignore[attr-defined]


async def test_closing_leaves_no_task(sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    terms = Leadership(sidecar.url).terms()
    term = await anext(terms)
    await terms.aclose()  # type: ignore[attr-defined]
    assert not term
    assert asyncio.all_tasks() == {asyncio.current_task()}
