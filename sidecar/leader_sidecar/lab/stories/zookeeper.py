"""Tells the election of ZooKeeper: watching one's predecessor, the herd, and a session that expires unseen."""

from leader_sidecar.lab.story import LaneState, Scene, Story
from leader_sidecar.lab.virtual_time import VirtualTime
from leader_sidecar.lab.zookeeper import FIRST_NUMBER, SERVICE, SESSION_S, Queue, Target, lowest, predecessor

FAILS_S = 5.0
FROZEN_S = 18.0


def tell_zookeeper() -> Story:
    """Run the recipe with its watches as they should be, as a herd, and with an expired session."""
    return Story(
        "zookeeper",
        "ZooKeeper: a queue, and who watches whom",
        "Candidates take a number, as at a counter. ZooKeeper keeps each candidate's node for as long as it hears that "
        f"candidate, with {SESSION_S:g} s of patience; the lowest number leads. Nobody asks again and again: each "
        "candidate watches one node and is woken when it goes. Three stood before, so these get 0003, 0004 and 0005.",
        [queue_of_watchers(), herd(), expiry()],
        "Watching one's predecessor costs one wake-up a failure however many wait; watching the leader wakes them all. "
        "Either way a leader that stands still does not notice that its session is over. What helps is the number of "
        "its node, which is larger for every later leader: sent with each write, it lets a resource refuse the earlier "
        "one.",
    )


def queue_of_watchers() -> Scene:
    """Let everybody watch its predecessor, and the leader die."""
    scene = _scene(
        "Each watches its predecessor", "0003 leads and will die. Of the two who wait, only 0004 watches it."
    )
    queue = _with_death(scene, predecessor, from_start=True)
    rows = [(n, wake_ups_of(n, predecessor)) for n in (3, 10, 100)]
    scene.figures = [("wake-ups at one failure", f"{queue.wake_ups} of {len(queue.clients) - 1} who wait")]
    scene.figures += [(f"{n} candidates, one failing after another", f"{count} wake-ups") for n, count in rows]
    scene.conclusion = f"One failure woke {queue.wake_ups} candidate, the next in the queue; 0005 slept on."
    return scene


def herd() -> Scene:
    """Let everybody watch the lowest."""
    scene = _scene("The herd: all watch the leader", "The same, but everybody watches the lowest node.")
    queue = _with_death(scene, lowest)
    rows = [(n, wake_ups_of(n, lowest)) for n in (3, 10, 100)]
    scene.figures = [("wake-ups at one failure", f"{queue.wake_ups} of {len(queue.clients) - 1} who wait")]
    scene.figures += [(f"{n} candidates, one failing after another", f"{count} wake-ups") for n, count in rows]
    scene.conclusion = f"One failure woke all {queue.wake_ups}; one of them leads, the others were woken for nothing."
    return scene


def expiry() -> Scene:
    """Freeze the leader for longer than its session lasts."""
    scene = _scene(
        "A session expires under a living leader",
        f"0003 leads and stands still for {FROZEN_S:g} s, as in a long garbage collection. It does not know.",
    )
    queue = Queue(scene, 3, predecessor)
    first = queue.clients[0]
    scene.time.at(FAILS_S, first.freeze, "It neither sends nor hears anything, and believes to lead.")
    text = "It still believes to lead: nobody could tell it otherwise."
    scene.time.at(FAILS_S + FROZEN_S, first.wake, text, LaneState.LEADS, "0003")
    scene.time.run(FAILS_S + FROZEN_S + 1.0)
    (_, ended_s), (begun_s, _) = first.led[0], queue.clients[1].led[0]
    scene.figures = [
        ("frozen", f"{FROZEN_S:.2f} s"),
        (
            "believed to lead beside its successor",
            f"{ended_s - begun_s:.2f} s, of which {ended_s - FAILS_S - FROZEN_S:.2f} s awake",
        ),
        ("wake-ups", str(queue.wake_ups)),
    ]
    scene.conclusion = (
        f"From its waking until ZooKeeper's answer, {1000 * (ended_s - FAILS_S - FROZEN_S):.0f} ms, 0003 was awake and "
        "took itself for the leader: enough for a write that it had already begun."
    )
    return scene


def _scene(title: str, intro: str) -> Scene:
    lanes = tuple(f"{number:04d}" for number in range(FIRST_NUMBER, FIRST_NUMBER + 3))
    return Scene(title, intro, (*lanes, SERVICE), VirtualTime())


def _with_death(scene: Scene, target: Target, *, from_start: bool = False) -> Queue:
    queue = Queue(scene, 3, target, from_start=from_start)
    text = f"It says nothing. ZooKeeper waits {SESSION_S:g} s for a sign of life."
    scene.time.at(FAILS_S, queue.clients[0].crash, text)
    scene.time.run(FAILS_S + SESSION_S + 1.0)
    return queue


def wake_ups_of(candidates: int, target: Target) -> int:
    """Count the wake-ups of a run in which each leader dies in its turn, until one is left."""
    scene = Scene("", "", (), VirtualTime())
    queue = Queue(scene, candidates, target)
    all_stand_s = 0.5 * candidates
    for number, client in enumerate(queue.clients[:-1]):
        scene.time.at(all_stand_s + 2 * SESSION_S * number, client.crash, "")
    scene.time.run(all_stand_s + 2 * SESSION_S * candidates)
    return queue.wake_ups
