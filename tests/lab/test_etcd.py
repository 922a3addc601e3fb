"""The cron coordinator on etcd: when a lease runs out, on whose clock, and who leads next."""

import pytest

from leader_sidecar.lab.etcd import FIRST_REVISION, KEPT, LEASE_S, LEG_S, RENEW_S, STORE, Coordinator
from leader_sidecar.lab.peers import Message
from leader_sidecar.lab.stories import etcd
from leader_sidecar.lab.stories.etcd import cut_off, death, replicas
from leader_sidecar.lab.story import LaneState, Mark, Scene
from leader_sidecar.lab.virtual_time import VirtualTime


def at(scene: Scene, label: str) -> float:
    return next(step.at_s for step in scene.steps if step.label == label)


def test_the_leader_renews_every_three_seconds_and_is_gone_ten_after_the_last_that_arrived() -> None:
    scene = cut_off()
    renewals = [(step.at_s, step.mark) for step in scene.steps if (step.lane, step.label) == ("cron-a", "keepalive")]
    assert renewals == [
        (RENEW_S, Mark.MESSAGE),
        (2 * RENEW_S, Mark.MESSAGE),
        *((number * RENEW_S, Mark.LOST) for number in (3, 4, 5)),
    ]
    assert at(scene, "a lease expires") == pytest.approx(2 * RENEW_S + LEG_S + LEASE_S)


def test_who_is_cut_off_stops_before_etcd_gives_its_lease_up() -> None:
    scene = cut_off()
    assert at(scene, "cron-a stops by itself") == pytest.approx(2 * RENEW_S + LEASE_S)
    assert at(scene, "cron-a stops by itself") < at(scene, "a lease expires") < at(scene, "cron-b leads")


def test_the_campaign_is_won_by_the_lowest_create_revision() -> None:
    for scene in (cut_off(), death()):
        terms = [(step.lane, step.token) for step in scene.steps if step.state is LaneState.LEADS]
        assert terms == [("cron-a", str(FIRST_REVISION)), ("cron-b", str(FIRST_REVISION + 1))]


def test_who_comes_back_waits_at_the_end_of_the_queue() -> None:
    assert dict(cut_off().figures)["cron-a is back in the queue"] == f"with create revision {FIRST_REVISION + 3}"


def test_a_death_leaves_jobs_undone_and_a_cut_does_not() -> None:
    assert dict(cut_off().figures)["jobs that were missed"] == "0"
    assert dict(death().figures)["jobs that were missed"] == "2, due at 10 s and 15 s"


def overlap_s(cut_s: float) -> float:
    """Cut the leader off at an instant, and say for how long two led; negative for a gap."""
    scene = Scene("", "", (), VirtualTime())
    _, group, peers = replicas(scene)
    scene.time.at(cut_s, peers.split, (("cron-a",), ("cron-b", "cron-c", STORE)), "", "")
    scene.time.run(cut_s + LEASE_S + RENEW_S + 1.0)
    return group[0].led[0][1] - group[1].led[0][0]


CUTS_S = [0.25 * number for number in range(1, 41)]


@pytest.mark.parametrize("cut_s", CUTS_S)
def test_no_two_lead_at_once_whenever_the_cut_comes(cut_s: float) -> None:
    assert overlap_s(cut_s) < 0


def test_counting_from_the_answer_stops_no_earlier_than_the_successor_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Coordinator.receive

    def late(self: Coordinator, message: Message) -> None:
        if message.kind == KEPT:
            message = Message(message.sender, message.receiver, KEPT, self.peers.time.now_s, message.step)
        real(self, message)

    monkeypatch.setattr(Coordinator, "receive", late)
    assert max(map(overlap_s, CUTS_S)) >= 0
    assert at(etcd.cut_off(), "cron-a stops by itself") > at(etcd.cut_off(), "a lease expires")
