"""Owns the Bully algorithm (Garcia-Molina, 1982): the living node with the highest number leads. Five small processes.

A node asks all nodes above it whether one of them lives. If one answers, that one takes over; if none does in time, the
node tells all below it that it leads. No node counts how many it reaches: cut the network, and each part has a leader.
"""

from collections.abc import Callable

from leader_sidecar.lab.peers import Message, Peers, Process
from leader_sidecar.lab.story import LaneState, Mark, Scene

LEG_S = 0.02
BEAT_S = 1.0
"""How often a leader shows that it lives."""
ANSWER_S = 0.5
"""How long a node waits for an answer from above."""
TAKE_OVER_S = 2.0
"""How long it waits for the announcement of one who answered."""
PATIENCE_S = {1: 5.0, 2: 4.0, 3: 2.0, 5: 3.0, 6: 2.5}
"""After how much silence of the leader each node begins; they differ so that they rarely begin together."""

ELECTION, ANSWER, LEADER, HEARTBEAT = "election", "answer", "leader", "heartbeat"


class Node(Process):
    """One node.

    Args:
        peers: the network.
        number: its own; the higher one wins.
        everyone: all numbers.
        patience_s: how long it bears the leader's silence.
    """

    def __init__(self, peers: Peers, number: int, everyone: tuple[int, ...], patience_s: float) -> None:
        super().__init__(peers, str(number))
        self.number = number
        self.leader = max(everyone)
        self.led: list[tuple[float, float]] = []
        """From when to when it led; a term that goes on ends at infinity."""
        self._below = [str(other) for other in everyone if other < number]
        self._above = [str(other) for other in everyone if other > number]
        self._patience_s = patience_s
        self._standing = False
        self._waits = 0  # numbers the waits: what ended one makes its timer void

    @property
    def leads(self) -> bool:
        """Whether it believes to lead."""
        return self.alive and self.leader == self.number

    def begin(self) -> None:
        """Start in a group that has a leader already."""
        if self.leads:
            self._lead("it has the highest number of all")
        else:
            self._wait(self._patience_s, self._miss)

    def receive(self, message: Message) -> None:
        """Take a message."""
        sender = int(message.sender)
        if message.kind == ELECTION:
            self.send(message.sender, ANSWER, why=f"{self.name} lives and has the higher number: {sender} may rest.")
            self._stand(f"{self.name} now asks in its turn whether anybody above it lives.")
        elif message.kind == ANSWER:
            self._wait(TAKE_OVER_S, self._stand_again)
        elif sender > self.number:
            self._follow(sender, message)
        elif not self._standing:  # a lower one believes to lead
            self._stand(
                f"{self.name} leads already and hears {sender}, a lower number, lead: it says once more who leads."
            )

    def _miss(self) -> None:
        self.tell(Mark.NOTE, f"{self.name} notices", f"No heartbeat of {self.leader} for {self._patience_s:g} s.")
        self._stand(f"{self.name} asks everybody above it: does one of you live?")

    def _stand_again(self) -> None:
        self._standing = False
        self._stand("Who answered has not taken over, so it asks again.")

    def _stand(self, why: str) -> None:
        """Ask everybody above; who leads already says so again."""
        if self._standing:
            return
        if self.leads:
            self._announce(why)
            return
        self._standing = True
        for other in self._above:
            self.send(other, ELECTION, why=why)
            why = ""
        self._wait(ANSWER_S, self._win)

    def _win(self) -> None:
        self._standing = False
        self._lead(f"nobody above it answered within {ANSWER_S:g} s")
        self._announce(f"{self.name} tells everybody below it that it leads.")

    def _announce(self, why: str) -> None:
        for other in self._below:
            self.send(other, LEADER, why=why)
            why = ""

    def _lead(self, why: str) -> None:
        self._waits += 1
        self.leader = self.number
        self.led.append((self.peers.time.now_s, float("inf")))
        self.tell(Mark.LEADS, f"{self.name} leads", f"Because {why}.", LaneState.LEADS)
        self._beat()

    def _beat(self) -> None:
        if self.leads:
            for other in (*self._below, *self._above):
                self.send(other, HEARTBEAT, shown=False)
            self.after(BEAT_S, self._beat)

    def _follow(self, leader: int, message: Message) -> None:
        if self.leads:
            self._end_term()
            text = f"It hears a {message.kind} message of {leader}, a higher number, and gives way."
            self.tell(Mark.ENDS, f"{self.name} steps down", text, LaneState.IDLE)
        self._standing = False
        self.leader = leader
        self._wait(self._patience_s, self._miss)

    def _wait(self, for_s: float, then: Callable[[], None]) -> None:
        self._waits += 1
        self.after(for_s, self._waited, self._waits, then)

    def _waited(self, number: int, then: Callable[[], None]) -> None:
        if number == self._waits:
            then()

    def crash(self, text: str) -> None:
        """Die without a word."""
        if self.leads:
            self._end_term()
        super().crash(text)

    def _end_term(self) -> None:
        self.led[-1] = (self.led[-1][0], self.peers.time.now_s)


class Group:
    """All nodes of one run.

    Args:
        scene: where it is shown.
        patience_s: of each node, by its number.
    """

    def __init__(self, scene: Scene, patience_s: dict[int, float]) -> None:
        self.peers = Peers(scene, LEG_S)
        numbers = tuple(sorted(patience_s))
        self.nodes = {number: Node(self.peers, number, numbers, patience_s[number]) for number in numbers}

    def run(self, until_s: float) -> None:
        """Let them live."""
        for node in self.nodes.values():
            node.begin()
        self.peers.time.run(until_s)

    @property
    def messages(self) -> int:
        """How many messages the election took; heartbeats are not of it."""
        return self.peers.sent.total() - self.peers.sent[HEARTBEAT]

    def two_leaders_s(self) -> float:
        """How long two nodes believed to lead at once."""
        now_s = self.peers.time.now_s
        spans = [(begun, min(ended, now_s)) for node in self.nodes.values() for begun, ended in node.led]
        return sum(
            max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
            for at, one in enumerate(spans)
            for other in spans[at + 1 :]
        )
