"""Owns a network of named processes in virtual time: messages take a while, and are lost to the dead and across a cut.

For the algorithms of others that the laboratory shows. The sidecar's own requests travel in `network`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leader_sidecar.lab.story import LaneState, Mark, Scene, Step
from leader_sidecar.lab.virtual_time import VirtualTime


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Args:
        sender, receiver: names of processes.
        kind: what it says.
        body: and about what.
        step: as it is shown.
    """

    sender: str
    receiver: str
    kind: str
    body: Any
    step: Step


class Peers:
    """Carry messages between processes.

    Args:
        scene: where they are shown.
        leg_s: how long a message takes.
    """

    def __init__(self, scene: Scene, leg_s: float) -> None:
        self.scene = scene
        self.leg_s = leg_s
        self.processes: dict[str, Process] = {}
        self.sent: Counter[str] = Counter()
        """Messages by what they say, the lost ones too."""
        self.lost: Counter[str] = Counter()
        self._sides: tuple[tuple[str, ...], ...] = ()

    @property
    def time(self) -> VirtualTime:
        """Return the run's clock."""
        return self.scene.time

    def send(
        self, sender: str, receiver: str, kind: str, body: Any = None, *, why: str = "", shown: bool = True
    ) -> None:
        """Put a message on its way.

        Args:
            why: the reason that is told with it.
            shown: it is a step of the scene; not for what comes again and again.
        """
        step = Step(self.time.now_s, Mark.MESSAGE, kind, why, sender, receiver)
        if shown:
            self.scene.steps.append(step)
        self.sent[kind] += 1
        self.time.after(self.leg_s, self._arrive, Message(sender, receiver, kind, body, step))

    def split(self, sides: tuple[tuple[str, ...], ...], label: str, text: str) -> None:
        """Cut the network: only who is on the same side is reached."""
        self._sides = sides
        self.scene.tell(Mark.FAULT, "", label, text, sides=sides)

    def heal(self, text: str) -> None:
        """Let everybody reach everybody again."""
        self._sides = ()
        self.scene.tell(Mark.NOTE, "", "the network is whole again", text, sides=())

    def _arrive(self, message: Message) -> None:
        receiver = self.processes[message.receiver]
        cut = self._sides and not any({message.sender, message.receiver} <= set(side) for side in self._sides)
        if cut or not receiver.alive:
            why = "the network is cut in between" if cut else f"{receiver.name} is dead"
            message.step.mark = Mark.LOST
            message.step.text = f"{message.step.text} It is lost: {why}.".lstrip()
            self.lost[message.kind] += 1
            return
        receiver.handle(receiver.receive, message)


class Process:
    """One process; what it is told while it is frozen waits until it wakes.

    Args:
        peers: the network that it is on.
        name: its lane.
    """

    def __init__(self, peers: Peers, name: str) -> None:
        self.peers = peers
        self.name = name
        self.alive = True
        self.frozen = False
        self._waiting: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        peers.processes[name] = self

    def receive(self, message: Message) -> None:
        """Take a message."""
        raise NotImplementedError

    def after(self, delay_s: float, call: Callable[..., None], *args: Any) -> None:
        """Do something later, unless dead by then."""
        self.peers.time.after(delay_s, self.handle, call, *args)

    def handle(self, call: Callable[..., None], *args: Any) -> None:
        """Do something now, or on waking, or never."""
        if self.frozen:
            self._waiting.append((call, args))
        elif self.alive:
            call(*args)

    def send(self, receiver: str, kind: str, body: Any = None, *, why: str = "", shown: bool = True) -> None:
        """Send a message."""
        self.peers.send(self.name, receiver, kind, body, why=why, shown=shown)

    def tell(self, mark: Mark, label: str, text: str = "", state: LaneState | None = None, token: str = "") -> None:
        """Add a step of this process to the scene."""
        self.peers.scene.tell(mark, self.name, label, text, state=state, token=token)

    def crash(self, text: str) -> None:
        """Die without a word."""
        self.alive = False
        self.tell(Mark.FAULT, f"{self.name} dies", text, LaneState.DEAD)

    def freeze(self, text: str) -> None:
        """Stand still without noticing it."""
        self.frozen = True
        self.tell(Mark.FAULT, f"{self.name} freezes", text, LaneState.FROZEN)

    def wake(self, text: str, state: LaneState, token: str = "") -> None:
        """Go on where it was stopped; what has waited is handled now."""
        self.frozen = False
        self.tell(Mark.NOTE, f"{self.name} wakes", text, state, token)
        waiting, self._waiting = self._waiting, []
        for call, args in waiting:
            self.handle(call, *args)
