"""The Bully algorithm: who sends what to whom, who leads, and what a cut network does to it."""

from itertools import permutations

import pytest

from leader_sidecar.lab import bully
from leader_sidecar.lab.bully import HEARTBEAT, PATIENCE_S, Group, Node
from leader_sidecar.lab.peers import Message
from leader_sidecar.lab.stories.bully import death, partition
from leader_sidecar.lab.story import LaneState, Mark, Scene
from leader_sidecar.lab.virtual_time import VirtualTime

ORDERS = list(permutations((2.0, 2.6, 3.2, 3.8)))


def after_death(patience_s: dict[int, float]) -> Group:
    """Let the highest die, and wait until all is quiet."""
    group = Group(Scene("", "", tuple(map(str, patience_s)), VirtualTime()), patience_s)
    group.peers.time.at(2.4, group.nodes[max(patience_s)].crash, "")
    group.run(30.0)
    return group


def messages(scene: Scene) -> list[tuple[str, str, str, Mark]]:
    return [(step.lane, step.to, step.label, step.mark) for step in scene.steps if step.to]


def test_three_notices_first_and_five_leads_after_seven_messages() -> None:
    scene = death()
    assert messages(scene) == [
        ("3", "5", "election", Mark.MESSAGE),
        ("3", "6", "election", Mark.LOST),
        ("5", "3", "answer", Mark.MESSAGE),
        ("5", "6", "election", Mark.LOST),
        ("5", "1", "leader", Mark.MESSAGE),
        ("5", "2", "leader", Mark.MESSAGE),
        ("5", "3", "leader", Mark.MESSAGE),
    ]
    assert dict(scene.figures)["all messages"] == "7"
    assert [step.lane for step in scene.steps if step.state is LaneState.LEADS] == ["6", "5"]


@pytest.mark.parametrize("order", ORDERS)
def test_whoever_notices_first_the_highest_of_the_living_leads_and_all_follow_it(order: tuple[float, ...]) -> None:
    group = after_death(dict(zip((1, 2, 3, 5), order, strict=True)) | {6: 2.5})
    living = [node for node in group.nodes.values() if node.alive]
    assert {node.leader for node in living} == {5}
    assert group.two_leaders_s() == 0


def test_a_quiet_group_sends_heartbeats_alone() -> None:
    group = Group(Scene("", "", tuple(map(str, PATIENCE_S)), VirtualTime()), PATIENCE_S)
    group.run(20.0)
    assert set(group.peers.sent) == {HEARTBEAT}
    assert group.messages == 0


def test_each_side_of_a_cut_network_elects_its_own_until_it_heals() -> None:
    scene = partition()
    led = [step.lane for step in scene.steps if step.state is LaneState.LEADS]
    assert led == ["6", "3", "5"]
    assert [step.lane for step in scene.steps if step.mark is Mark.ENDS] == ["3"]
    assert float(dict(scene.figures)["two leaders at once"].removesuffix(" s")) > 3.0
    left, right = {"1", "3"}, {"2", "5", "6"}
    cut = next(step.at_s for step in scene.steps if step.sides)
    healed = next(step.at_s for step in scene.steps if step.sides == ())
    for step in scene.steps:
        if step.to and cut < step.at_s < healed and (step.lane in left) != (step.to in left):
            assert step.mark is Mark.LOST
    assert left | right == set(scene.lanes)


def test_a_node_that_does_not_answer_lets_a_lower_one_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Node.receive

    def deaf(node: Node, message: Message) -> None:
        if message.kind != bully.ELECTION:
            real(node, message)

    monkeypatch.setattr(Node, "receive", deaf)
    group = after_death(PATIENCE_S)
    assert 3 in [node.number for node in group.nodes.values() if node.led]


def test_a_node_that_waits_for_no_answer_makes_two_leaders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bully, "ANSWER_S", 0.0)
    assert after_death(PATIENCE_S).two_leaders_s() > 0
