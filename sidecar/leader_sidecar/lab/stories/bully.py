"""Tells the Bully election: the leader dies; then it dies and the network breaks in two."""

from leader_sidecar.lab.bully import ANSWER, ELECTION, LEADER, PATIENCE_S, Group
from leader_sidecar.lab.story import Scene, Story
from leader_sidecar.lab.virtual_time import VirtualTime

DIES_S = 2.4
HEALS_S = 9.0
ENDS_S = 11.0


def tell_bully() -> Story:
    """Run the election of the highest number, whole and cut in two."""
    return Story(
        "bully",
        "Bully: the highest number leads",
        "Five servers must agree which one of them does a job that must not be done twice. Each has a number: 1, 2, 3, "
        "5, 6. The rule: the highest number that is alive leads. The leader shows every second that it lives; who does "
        "not hear it any more asks those above, and the highest that answers takes over.",
        [death(), partition()],
        "Bully elects quickly where silence means death. It cannot tell a dead node from one that cannot be reached: "
        "cut the network and each part elects its own. leader-sidecar therefore lets no node elect itself: a term is a "
        "write to one store that a majority of its members must accept, and every term has a fencing token that is "
        "larger than all before. See: leader-sidecar lab fencing.",
    )


def death() -> Scene:
    """Run it with the leader's death."""
    scene = Scene(
        "The leader dies",
        f"6 leads. It will die after {DIES_S:g} s. 3 is the least patient and notices first.",
        tuple(str(number) for number in PATIENCE_S),
        VirtualTime(),
    )
    group = _play(scene, PATIENCE_S, sides=())
    first = _play(_unseen(), {**PATIENCE_S, 1: 1.5}, sides=())
    scene.figures = [*_counts(group), ("had 1 noticed first", f"{first.messages} messages")]
    leader = next(node for node in group.nodes.values() if node.leads)
    begun_s = leader.led[-1][0]
    scene.conclusion = (
        f"{leader.name} leads, {begun_s - DIES_S:.2f} s after the death, and {group.messages} messages were sent. "
        "Every living node follows the same leader, because all could talk to each other. The lower the number of who "
        f"notices, the more nodes ask each other: had 1 been first, it would have been {first.messages}."
    )
    return scene


def partition() -> Scene:
    """Run it with the leader's death and a cut at once."""
    sides = (("1", "3"), ("2", "5", "6"))
    scene = Scene(
        "The same, and the network breaks in two",
        "6 dies again, and in the same moment a switch fails: 1 and 3 reach each other, 2 and 5 do, and no message "
        "gets across.",
        tuple(name for side in sides for name in side),
        VirtualTime(),
    )
    group = _play(scene, PATIENCE_S, sides=sides)
    two_s = group.two_leaders_s()
    elected = [node.name for node in group.nodes.values() if node.led and node.led[0][0] > DIES_S]
    scene.figures = [*_counts(group), ("two leaders at once", f"{two_s:.2f} s")]
    scene.conclusion = (
        f"For {two_s:.2f} s {' and '.join(elected)} both led, each rightly by the rule, and the job was done on both "
        f"sides. {elected[0]} took silence for death, but it was the network."
    )
    return scene


def _play(scene: Scene, patience_s: dict[int, float], sides: tuple[tuple[str, ...], ...]) -> Group:
    group = Group(scene, patience_s)
    time = scene.time
    time.at(DIES_S, group.nodes[6].crash, "It cannot say so: the others only stop hearing it.")
    if sides:
        time.at(DIES_S, group.peers.split, sides, "the network breaks", "1, 3 on one side; 2, 5, 6 on the other.")
        time.at(HEALS_S, group.peers.heal, "Both leaders can be heard by all.")
    group.run(ENDS_S)
    return group


def _unseen() -> Scene:
    return Scene("", "", (), VirtualTime())


def _counts(group: Group) -> list[tuple[str, str]]:
    peers = group.peers
    rows = []
    for kind in (ELECTION, ANSWER, LEADER):
        lost = f", {peers.lost[kind]} of them to nobody" if peers.lost[kind] else ""
        rows.append((f"{kind} messages", f"{peers.sent[kind]}{lost}"))
    return [*rows, ("all messages", f"{group.messages}")]
