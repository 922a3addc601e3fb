"""Somebody else writes the Lease under a leader: deletes it, empties it, or spoils the token."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from process.conftest import ELECTION
from process.servers import Server, edit, lease, leases
from process.sidecars import D_S, MARGIN_S, Group, wait_for
from process.survival import survives

TOKEN = "leader-sidecar.io/fencing-token"
TERM_S = D_S + MARGIN_S


def empty(body: dict[str, Any]) -> None:
    body["spec"] = {}


def remove_the_token(body: dict[str, Any]) -> None:
    del body["metadata"]["annotations"][TOKEN]


def garble_the_token(body: dict[str, Any]) -> None:
    body["metadata"]["annotations"][TOKEN] = "four hundred"


def raise_the_token(body: dict[str, Any]) -> None:
    body["metadata"]["annotations"][TOKEN] = str(int(body["metadata"]["annotations"][TOKEN]) + 1000)


def lower_the_token(body: dict[str, Any]) -> None:
    body["metadata"]["annotations"][TOKEN] = "1"


def wipe_the_holder(body: dict[str, Any]) -> None:
    body["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}


@pytest.mark.parametrize(
    "change", [empty, remove_the_token, garble_the_token, raise_the_token, lower_the_token, wipe_the_holder]
)
def test_an_edited_lease_never_makes_two_leaders(
    group: Group, server: Server, namespace: str, change: Callable[[dict[str, Any]], None]
) -> None:
    with survives(group):
        before = group.leader(TERM_S).token
        edit(server.request, leases(namespace, ELECTION), change, MARGIN_S)
        time.sleep(D_S)
        after = group.leader(TERM_S + D_S).token
        assert after >= before
        wait_for(lambda: shown_token(server, namespace) == str(after), MARGIN_S, "the Lease shows the token again")


def test_a_lease_that_is_deleted_ends_the_term_and_a_new_one_has_larger_tokens(
    group: Group, server: Server, namespace: str
) -> None:
    with survives(group):
        before = group.leader(TERM_S).token
        server.request("DELETE", leases(namespace, ELECTION))
        wait_for(lambda: not any(one.leads for one in group.sidecars), D_S, "nobody leads")
        server.request("POST", leases(namespace), lease(ELECTION))
        assert group.leader(TERM_S).token > before


def shown_token(server: Server, namespace: str) -> str:
    """Return the token that stands in the Lease."""
    annotations = server.request("GET", leases(namespace, ELECTION))["metadata"].get("annotations", {})
    return str(annotations.get(TOKEN, ""))
