"""Owns the election recipe of ZooKeeper: ephemeral sequential nodes, and who watches whom.

A session lives as long as its client is heard; with it go its nodes. Who has the lowest node leads; everybody else
watches one node and looks again when it goes. Which one they watch is the difference between one wake-up and a herd.
"""

from collections.abc import Callable

from leader_sidecar.lab.peers import Message, Peers, Process
from leader_sidecar.lab.story import LaneState, Mark, Scene

LEG_S = 0.005
SESSION_S = 10.0
"""How long the service keeps a session that it does not hear."""
PING_S = SESSION_S / 3
FIRST_NUMBER = 3
"""Three candidates stood and went before: numbers are never given twice."""

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
