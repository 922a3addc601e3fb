"""Owns the election recipe of ZooKeeper: ephemeral sequential nodes, and who watches whom.

A session lives as long as its client is heard; with it go its nodes. Who has the lowest node leads; everybody else
watches one node and looks again when it goes. Which one they watch is the difference between one wake-up and a herd.
"""

from collections.abc import Callable

from leader_sidecar.lab.peers import Message, Peers, Process
from leader_sidecar.lab.story import LaneState, Mark, Scene, Story
from leader_sidecar.lab.virtual_time import VirtualTime

LEG_S = 0.005
SESSION_S = 10.0
"""How long the service keeps a session that it does not hear."""
PING_S = SESSION_S / 3
FIRST_NUMBER = 3
"""Three candidates stood and went before: numbers are never given twice."""
FAILS_S = 5.0
FROZEN_S = 18.0

SERVICE = "ZooKeeper"
CREATE, CREATED, LIST, LISTED, WATCH, PING, EXPIRED, GONE = (
    "create", "created", "list", "listed", "watch", "ping", "session expired", "node gone"
)  # fmt: skip

Target = Callable[[str, list[str]], str]
"""Chooses, of all nodes in order, which one the owner of this node watches."""


def predecessor(node: str, nodes: list[str]) -> str:
    """Watch the node just before one's own."""
    return nodes[nodes.index(node) - 1]


def lowest(node: str, nodes: list[str]) -> str:
    """Watch the leader's node, as everybody else does: the herd."""
    return nodes[0]


class Service(Process):
    """The ZooKeeper service, its members taken as one: sessions, nodes, and watches that fire once."""

    def __init__(self, peers: Peers) -> None:
        super().__init__(peers, SERVICE)
        self.nodes: dict[str, str] = {}
        """Each node's owner; a higher number is always a later one."""
        self._number = FIRST_NUMBER
        self._heard_s: dict[str, float] = {}
        self._watches: dict[str, list[str]] = {}

    def receive(self, message: Message) -> None:
        """Take a client's request."""
        client = message.sender
        if message.kind == CREATE:
            node = f"{self._number:04d}"
            self._number += 1
            self.nodes[node] = client
            self._heard_s[client] = self.peers.time.now_s
            self.after(SESSION_S, self._look_at, client)
            self.send(client, CREATED, node, shown=False)
        elif client not in self._heard_s:
            why = f"The session of {client} has expired, its node is gone: it no longer counts."
            self.send(client, EXPIRED, why=why)
        elif message.kind == PING:
            self._heard_s[client] = self.peers.time.now_s
        elif message.kind == LIST:
            self.send(client, LISTED, sorted(self.nodes), shown=False)
        elif message.kind == WATCH:
            if message.body in self.nodes:
                self._watches.setdefault(message.body, []).append(client)
            else:
                self.send(client, GONE, message.body)

    def _look_at(self, client: str) -> None:
        """End the session when its client was not heard for too long."""
        left_s = self._heard_s[client] + SESSION_S - self.peers.time.now_s
        if left_s > 1e-9:
            self.after(left_s, self._look_at, client)
            return
        del self._heard_s[client]
        gone = [node for node, owner in self.nodes.items() if owner == client]
        text = (
            f"Not a word of {client} for {SESSION_S:g} s: its session is over, and node {', '.join(gone)} goes with it."
        )
        self.tell(Mark.NOTE, "a session expires", text)
        for node in gone:
            del self.nodes[node]
            for watcher in self._watches.pop(node, []):
                self.send(watcher, GONE, node, why=f"{watcher} watched {node} and is woken.")


class Client(Process):
    """One candidate.

    Args:
        peers: the network.
        name: its lane: the node that it gets first.
        target: whom it watches.
    """

    def __init__(self, peers: Peers, name: str, target: Target) -> None:
        super().__init__(peers, name)
        self.node = ""
        self.leads = False
        self.woken = 0
        """How often a watch of its own has fired."""
        self._target = target
        self.led: list[tuple[float, float]] = []

    def begin(self, shown: bool) -> None:
        """Open a session and stand for election."""
        why = "It asks for a node of its own, with the next number, that lives as long as it is heard."
        self.send(SERVICE, CREATE, why=why, shown=shown)

    def receive(self, message: Message) -> None:
        """Take what the service says."""
        if message.kind == CREATED:
            self.node = message.body
            self._ask()
            self.after(PING_S, self._ping, self.node)
        elif message.kind == LISTED:
            self._listed(message.body)
        elif message.kind == GONE:
            self.woken += 1
            self._ask()
        elif message.kind == EXPIRED and self.node:
            self._expired()

    def _ask(self) -> None:
        self.send(SERVICE, LIST, shown=False)

    def _listed(self, nodes: list[str]) -> None:
        if self.node not in nodes or self.leads:
            return
        if nodes[0] == self.node:
            self.leads = True
            self.led.append((self.peers.time.now_s, float("inf")))
            text = f"Its node {self.node} is the {'only one' if len(nodes) == 1 else 'lowest of ' + ', '.join(nodes)}."
            self.tell(Mark.LEADS, f"{self.name} leads", text, LaneState.LEADS, self.node)
            return
        watched = self._target(self.node, nodes)
        why = f"Its node is {self.node}; {nodes[0]} is lower and leads. It watches {watched}, and sleeps."
        self.send(SERVICE, WATCH, watched, why=why)

    def _ping(self, node: str) -> None:
        if node == self.node:
            self.send(SERVICE, PING, shown=False)
            self.after(PING_S, self._ping, node)

    def _expired(self) -> None:
        if self.leads:
            self.leads = False
            self.led[-1] = (self.led[-1][0], self.peers.time.now_s)
            self.tell(
                Mark.ENDS, f"{self.name} steps down", "Only now does it learn that it was replaced.", LaneState.IDLE
            )
        self.node = ""
        self.send(SERVICE, CREATE, why="It opens a new session, and gets a new node at the end of the queue.")


class Queue:
    """The service and its candidates in one run.

    Args:
        scene: where it is shown.
        candidates: how many.
        target: whom each watches.
        from_start: show how they take their numbers too.
    """

    def __init__(self, scene: Scene, candidates: int, target: Target, *, from_start: bool = False) -> None:
        self.peers = Peers(scene, LEG_S)
        self.service = Service(self.peers)
        names = [f"{number:04d}" for number in range(FIRST_NUMBER, FIRST_NUMBER + candidates)]
        self.clients = [Client(self.peers, name, target) for name in names]
        for number, client in enumerate(self.clients):
            scene.time.at(0.5 * number, client.handle, client.begin, from_start)

    @property
    def wake_ups(self) -> int:
        """How many watches have fired."""
        return sum(client.woken for client in self.clients)


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
    rows = [(n, _wake_ups_of(n, predecessor)) for n in (3, 10, 100)]
    scene.figures = [("wake-ups at one failure", f"{queue.wake_ups} of {len(queue.clients) - 1} who wait")]
    scene.figures += [(f"{n} candidates, one failing after another", f"{count} wake-ups") for n, count in rows]
    scene.conclusion = f"One failure woke {queue.wake_ups} candidate, the next in the queue; 0005 slept on."
    return scene


def herd() -> Scene:
    """Let everybody watch the lowest."""
    scene = _scene("The herd: all watch the leader", "The same, but everybody watches the lowest node.")
    queue = _with_death(scene, lowest)
    rows = [(n, _wake_ups_of(n, lowest)) for n in (3, 10, 100)]
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


def _wake_ups_of(candidates: int, target: Target) -> int:
    """Count the wake-ups of a run in which each leader dies in its turn, until one is left."""
    scene = Scene("", "", (), VirtualTime())
    queue = Queue(scene, candidates, target)
    all_stand_s = 0.5 * candidates
    for number, client in enumerate(queue.clients[:-1]):
        scene.time.at(all_stand_s + 2 * SESSION_S * number, client.crash, "")
    scene.time.run(all_stand_s + 2 * SESSION_S * candidates)
    return queue.wake_ups
