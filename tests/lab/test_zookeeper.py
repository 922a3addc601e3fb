"""The queue of ephemeral sequential nodes: who is woken by a failure, and what an expired session does not say."""

import pytest

from leader_sidecar.lab.stories.zookeeper import expiry, herd, queue_of_watchers, wake_ups_of
from leader_sidecar.lab.story import LaneState, Mark, Scene
from leader_sidecar.lab.virtual_time import VirtualTime
from leader_sidecar.lab.zookeeper import LEG_S, PING_S, SERVICE, SESSION_S, Queue, lowest, predecessor


def queue_of(candidates: int, target: object = predecessor) -> Queue:
    assert callable(target)
    queue = Queue(Scene("", "", (), VirtualTime()), candidates, target)
    queue.peers.time.run(0.5 * candidates + 1.0)
    return queue


def woken(scene: Scene) -> list[str]:
    return [step.to for step in scene.steps if step.label == "node gone"]


def test_the_failure_of_the_leader_wakes_its_successor_alone() -> None:
    scene = queue_of_watchers()
    assert woken(scene) == ["0004"]
    assert [step.lane for step in scene.steps if step.state is LaneState.LEADS] == ["0003", "0004"]
    watches = [(step.lane, step.text.partition("watches ")[2][:4]) for step in scene.steps if step.label == "watch"]
    assert watches == [("0004", "0003"), ("0005", "0004")]


def test_the_herd_is_woken_whole() -> None:
    scene = herd()
    assert woken(scene) == ["0004", "0005"]
    assert [step.lane for step in scene.steps if step.state is LaneState.LEADS] == ["0003", "0004"]


@pytest.mark.parametrize("candidates", range(2, 9))
def test_wake_ups_are_one_a_failure_in_a_queue_and_all_who_wait_in_a_herd(candidates: int) -> None:
    assert wake_ups_of(candidates, predecessor) == candidates - 1
    assert wake_ups_of(candidates, lowest) == candidates * (candidates - 1) // 2


def test_the_death_of_one_who_waits_wakes_the_next_who_then_watches_another() -> None:
    queue = queue_of(4)
    first, second, third, fourth = queue.clients
    second.crash("")
    queue.peers.time.run(queue.peers.time.now_s + SESSION_S + 1.0)
    assert [client.woken for client in queue.clients] == [0, 0, 1, 0]
    assert first.leads
    assert not third.leads
    first.crash("")
    queue.peers.time.run(queue.peers.time.now_s + SESSION_S + 1.0)
    assert third.leads
    assert fourth.woken == 0


def test_a_session_expires_after_its_length_without_a_ping_and_not_before() -> None:
    queue = queue_of(2)
    leader, time = queue.clients[0], queue.peers.time
    created_s, heard_s = 2 * LEG_S, 3 * LEG_S + PING_S
    time.run(created_s + 1.5 * PING_S)
    leader.crash("")
    time.run(heard_s + SESSION_S - 0.001)
    assert leader.node in queue.service.nodes
    time.run(heard_s + SESSION_S + 0.001)
    assert leader.node not in queue.service.nodes


def test_a_leader_that_slept_through_its_session_believes_to_lead_until_it_is_told() -> None:
    scene = expiry()
    wakes = next(step for step in scene.steps if step.label == "0003 wakes")
    told = next(step for step in scene.steps if step.label == "session expired")
    ends = next(step for step in scene.steps if step.mark is Mark.ENDS)
    assert wakes.state is LaneState.LEADS
    assert told.lane == SERVICE
    assert wakes.at_s < ends.at_s == pytest.approx(told.at_s + LEG_S)
    assert "Its node is 0006" in scene.steps[-1].text
