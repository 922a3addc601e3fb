"""A proxy between the leader and its API server delays, loses, holds and answers in its place."""

from __future__ import annotations

import json
import time

import pytest

from process.proxy import Harm, Proxy
from process.sidecars import D_S, MARGIN_S, Group
from process.survival import leads_alone_again, survives

TERM_S = D_S + MARGIN_S
PAGE = "<html><body><h1>Sign in to the network</h1></body></html>"
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}


def status(code: int, reason: str) -> str:
    """Write what the API server says with an error."""
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code})


DEADLY = {
    "delayed_beyond_every_timeout": Harm(delay_s=4.0),
    "requests_lost": Harm(loses_request=True),
    "answers_lost": Harm(loses_answer=True),
    "black_hole": Harm(holds=True),
    "409_to_every_write": Harm(status=409, body=status(409, "Conflict"), headers=JSON, writes_only=True),
    "401": Harm(status=401, body=status(401, "Unauthorized"), headers=JSON),
    "403": Harm(status=403, body=status(403, "Forbidden"), headers=JSON),
    "429": Harm(status=429, body=status(429, "TooManyRequests"), headers=JSON | {"Retry-After": "1"}),
    "500": Harm(status=500, body=status(500, "InternalError"), headers=JSON),
    "503_of_a_load_balancer": Harm(status=503, body="no server is available", headers={"Content-Type": "text/plain"}),
    "a_page_in_the_place_of_an_answer": Harm(status=200, body=PAGE, headers=HTML),
    "an_answer_cut_short": Harm(status=200, body='{"kind": "Lease", "spec"', headers=JSON),
}
"""No renewal comes through that can be told to have."""


@pytest.mark.parametrize("harm", DEADLY.values(), ids=DEADLY.keys())
def test_a_leader_that_cannot_renew_is_followed_and_serves_again(
    proxied: Group, proxies: list[Proxy], harm: Harm
) -> None:
    with survives(proxied):
        old = proxied.leader(TERM_S)
        before = old.token
        with proxies[proxied.sidecars.index(old)].doing(harm):
            # A release that could not be sent, or answers that were lost, may let a successor lead sooner.
            new = proxied.leader(TERM_S, other_than=old)
            assert new.token > before
            time.sleep(1.0)
            assert not old.leads
        leads_alone_again(proxied, old, new.token, TERM_S)


@pytest.mark.parametrize("harm", [Harm(delay_s=0.3), Harm(loses_answer=True, writes_only=True)], ids=["slow", "doubt"])
def test_a_leader_whose_requests_arrive_goes_on_leading(proxied: Group, proxies: list[Proxy], harm: Harm) -> None:
    with survives(proxied):
        old = proxied.leader(TERM_S)
        before = old.token
        with proxies[proxied.sidecars.index(old)].doing(harm):
            time.sleep(2 * D_S)
            assert old.leads
            assert old.token == before


@pytest.mark.parametrize("name", ["black_hole", "requests_lost", "503_of_a_load_balancer"])
def test_all_are_cut_off_and_one_leads_soon_after(proxied: Group, proxies: list[Proxy], name: str) -> None:
    with survives(proxied):
        before = proxied.leader(TERM_S).token
        with proxies[0].doing(DEADLY[name]), proxies[1].doing(DEADLY[name]), proxies[2].doing(DEADLY[name]):
            time.sleep(D_S + 1.0)
            assert not any(one.leads for one in proxied.sidecars)
        healed_s = time.monotonic()
        assert proxied.leader(TERM_S).token > before
        print(f"healed to leader {time.monotonic() - healed_s:.2f} s")
        assert time.monotonic() - healed_s < 3.0
