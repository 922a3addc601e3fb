"""Three sidecars: who leads after the leader is killed, stopped, frozen or resigns; and never two at once."""

from __future__ import annotations

import signal
import time

from process.conftest import ELECTION, Start
from process.poller import Poller
from process.servers import Server, leases
from process.sidecars import D_S, MARGIN_S, QUICK, Group, wait_for


def test_a_killed_leader_is_followed_by_another_with_a_larger_token(group: Group) -> None:
    with Poller(group.ports) as poller:
        old = group.leader(D_S + MARGIN_S)
        before = old.token
        time.sleep(2.0)  # time in which a second leader would show
        killed_s = time.monotonic()
        old.process.kill()
        new = group.leader(D_S + MARGIN_S, other_than=old)
        print(f"crash to new leader: {time.monotonic() - killed_s:.2f} s of at most {D_S:g} s and a little")
        assert new.token > before
        time.sleep(2.0)
    poller.verdict()


def test_a_leader_that_is_told_to_stop_hands_over_at_once(group: Group) -> None:
    with Poller(group.ports) as poller:
        old = group.leader(D_S + MARGIN_S)
        before = old.token
        time.sleep(2.0)
        stopped_s = time.monotonic()
        old.process.stop()
        new = group.leader(D_S + MARGIN_S, other_than=old)
        took_s = time.monotonic() - stopped_s
        assert new.token > before
        print(f"SIGTERM to new leader: {took_s:.3f} s")
        # Without the release it would take what is left of D, which is more than D - renew interval.
        assert took_s < D_S - 1.0
        time.sleep(2.0)
    assert [line["token"] for line in old.events("released")] == [before]
    poller.verdict()


def test_a_frozen_leader_answers_false_when_it_wakes(group: Group) -> None:
    with Poller(group.ports) as poller:
        old = group.leader(D_S + MARGIN_S)
        time.sleep(1.0)
        old.process.pause()
        new = group.leader(D_S + MARGIN_S, other_than=old)
        assert new.token > 0
        time.sleep(1.0)
        woken_s = time.monotonic()
        old.process.resume()
        wait_for(lambda: any(s.who == old.pod_name and s.sent_s > woken_s for s in poller.seen), 5.0, "it answers")
        time.sleep(1.0)
    poller.verdict()


def test_a_leader_that_resigns_hands_over_and_follows(group: Group) -> None:
    with Poller(group.ports) as poller:
        old = group.leader(D_S + MARGIN_S)
        before = old.token
        time.sleep(1.0)
        assert old.get("/leader/resign", method="POST")[0] == 202
        assert not old.leads
        new = group.leader(2.0, other_than=old)
        assert new.token > before
        wait_for(lambda: (old.document()["leader"] or {}).get("name") == new.pod_name, 2.0, "it follows the new one")
        time.sleep(4.0)
    poller.verdict()


def test_a_killed_sidecar_of_the_same_pod_leads_again_at_once_with_a_larger_token(group: Group) -> None:
    old = group.leader(D_S + MARGIN_S)
    before = old.token
    old.process.kill()
    old.start()
    # Its pod has proved the earlier process dead; the others have to wait.
    assert group.leader(2.0) is old
    assert old.token > before


def test_ctrl_c_gives_the_lease_back_and_is_exit_0(start: Start, server: Server, namespace: str) -> None:
    one = start("payouts-0")
    Group([one]).leader(D_S + MARGIN_S)
    assert one.process.end_with(signal.SIGINT) == 0
    assert server.request("GET", leases(namespace, ELECTION))["spec"]["holderIdentity"] == ""


def test_a_plain_container_keeps_the_lease_until_its_last_answer_ran_out(start: Start) -> None:
    one = start("payouts-0", settings=[*QUICK, "--plain-container"])
    Group([one]).leader(D_S + MARGIN_S)
    valid_s = one.document()["validForSeconds"]
    asked_s = time.monotonic()
    one.process.stop()
    assert time.monotonic() - asked_s >= valid_s
    assert one.events("released")
