"""Tells the cron coordinator on etcd: its leader is cut off, and its leader dies."""

from leader_sidecar.lab.etcd import LEASE_S, LEG_S, RENEW_S, STORE, Coordinator, Store
from leader_sidecar.lab.peers import Peers
from leader_sidecar.lab.story import Scene, Story
from leader_sidecar.lab.virtual_time import VirtualTime

TICK_S = 5.0
"""The job of the schedule is due this often."""
CUT_S = 8.0
HEALS_S = 21.0
ENDS_S = 26.0
_DUE_S = tuple(TICK_S * number for number in range(1, int(ENDS_S / TICK_S) + 1))
_NAMES = ("cron-a", "cron-b", "cron-c")


def tell_etcd() -> Story:
    """Run the coordinator with its leader cut off, and with its leader dead."""
    return Story(
        "etcd",
        "etcd: a lease that must be renewed",
        "Three replicas of a cron coordinator start the jobs of one schedule; each job must start once. The replica "
        f"that leads holds a lease of {LEASE_S:g} s and renews it every {RENEW_S:g} s. Who waits, waits for the key "
        "created just before its own.",
        [cut_off(), death()],
        "A lease is a promise with an end: the leader knows by itself when to stop, and the others know how long to "
        "wait. It costs the wait after a death. The create revision is larger for every later leader: a job that "
        "carries it with every write is protected even from a leader that was frozen and did not see its lease end.",
    )


def cut_off() -> Scene:
    """Cut the leader off for longer than its lease."""
    scene = _scene(
        "Renewals are missed, and a campaign elects the next",
        f"cron-a leads. After {CUT_S:g} s it cannot reach etcd any more; it lives, and does not know whether others "
        "do.",
    )
    store, group, peers = replicas(scene)
    sides = (("cron-a",), ("cron-b", "cron-c", STORE))
    scene.time.at(CUT_S, peers.split, sides, "cron-a is cut off", "For the others it is as good as dead.")
    scene.time.at(HEALS_S, peers.heal, "cron-a reaches etcd again.")
    scene.time.run(ENDS_S)
    first = group[0]
    early_s = store.expired[0][1] - first.led[0][1]
    scene.figures = _figures(store, group)
    scene.figures.append(("cron-a is back in the queue", f"with create revision {first.revision}"))
    scene.conclusion = (
        f"cron-a stopped {1000 * early_s:.0f} ms before etcd gave its lease up, because it counts from sending and "
        "etcd from hearing. That holds while both clocks run at the same rate. cron-b, next in the queue, led at once."
    )
    return scene


def death() -> Scene:
    """Let the leader die."""
    scene = _scene("The leader dies", f"The same coordinator; cron-a dies after {CUT_S:g} s. Its lease outlives it.")
    store, group, _ = replicas(scene)
    scene.time.at(CUT_S, group[0].crash, "Nobody notices yet: the lease still runs.")
    scene.time.run(ENDS_S)
    scene.figures = _figures(store, group)
    scene.conclusion = (
        "The others cannot know that cron-a is dead rather than cut off, so they wait until its promise has ended: for "
        "that long nobody ran the jobs that were due."
    )
    return scene


def _scene(title: str, intro: str) -> Scene:
    return Scene(title, intro, (*_NAMES, STORE), VirtualTime())


def replicas(scene: Scene) -> tuple[Store, list[Coordinator], Peers]:
    """Put etcd and the replicas into a scene: they stand one after the other, and look at every tick."""
    peers, time = Peers(scene, LEG_S), scene.time
    store, group = Store(peers), [Coordinator(peers, name) for name in _NAMES]
    for number, replica in enumerate(group):
        time.at(0.01 * number, replica.begin)
        for due_s in _DUE_S:
            time.at(due_s, replica.handle, replica.tick)
    return store, group, peers


def _figures(store: Store, group: list[Coordinator]) -> list[tuple[str, str]]:
    first, second = group[0].led[0], next(replica.led[0] for replica in group[1:] if replica.led)
    ended_s = CUT_S if not group[0].alive else first[1]
    ran = [tick for replica in group for tick in replica.ran]
    missed = [f"{due_s:g} s" for due_s in _DUE_S if due_s not in ran]
    return [
        ("lease given up", f"{store.expired[0][1] - CUT_S:.2f} s after cron-a fell silent"),
        ("without a leader", f"{second[0] - ended_s:.2f} s"),
        ("jobs that ran", f"{len(ran)}, {len(ran) - len(set(ran))} of them twice"),
        ("jobs that were missed", f"{len(missed)}" + (f", due at {' and '.join(missed)}" if missed else "")),
        ("create revisions of the leaders", f"{first[2]}, then {second[2]}"),
    ]
