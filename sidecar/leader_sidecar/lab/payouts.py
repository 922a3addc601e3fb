"""Owns a job that must be done once: a batch of payments, a ledger whose pointer says which is next, and its payers.

Payers ask their sidecar, read the pointer, work for a while, then write. Between the check and the write they can be
stopped; nothing in the payer can help that. The ledger's guard can.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leader_sidecar.lab.app import App
from leader_sidecar.lab.story import Mark, Scene

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.pods import Pod
    from leader_sidecar.lab.world import World

LEDGER = "ledger"
BATCH = 417
WORK_S = 2.0
"""How long it takes from reading the pointer to the write that pays."""
RETRY_S = 5.0
TRIES = 3
_MOMENT_S = 0.01


class Ledger:
    """Where payments are written.

    Args:
        scene: where it is shown.
        guarded: it refuses a token lower than the highest it has seen; check and change are one step.
    """

    def __init__(self, scene: Scene, *, guarded: bool) -> None:
        self.guarded = guarded
        self.pointer = BATCH
        self.mark = 0
        """The highest token it has seen."""
        self.moves: list[tuple[int, int, int]] = []
        """Every change of the pointer: from, to, with which token."""
        self.paid: list[int] = []
        """The tokens with which the batch was paid: more than one is once too often."""
        self.refused: list[int] = []
        self._scene = scene

    def accepts(self, token: int) -> bool:
        """Check a token, and keep it if it is the highest."""
        if self.guarded and token < self.mark:
            self.refused.append(token)
            return False
        self.mark = max(self.mark, token)
        return True

    def pay(self, batch: int, token: int) -> bool:
        """Pay a batch and move the pointer on, if the token still counts."""
        if not self.accepts(token):
            return False
        self.paid.append(token)
        self.moves.append((self.pointer, batch + 1, token))
        self.pointer = batch + 1
        return True

    @property
    def moved(self) -> int:
        """How often the pointer went to another batch."""
        return sum(before != after for before, after, _ in self.moves)


class Payer(App):
    """The app of one pod.

    Args:
        world, pod: as every app's.
        scene: where it is shown.
        ledger: where it pays.
    """

    def __init__(self, world: "World", pod: "Pod", scene: Scene, ledger: Ledger) -> None:
        super().__init__(world, pod)
        self._scene = scene
        self._ledger = ledger
        self._begun: set[int] = set()

    def _ask(self, process: "Candidate") -> bool:
        """Ask the sidecar; with the first yes of a term, shut out older ones and begin with what is due."""
        answer = self._world.monitor.asked(process)
        if not answer.is_leader or answer.token is None:
            return False
        if answer.token not in self._begun:
            self._begun.add(answer.token)
            self._begin(answer.token)
        return True

    def _begin(self, token: int) -> None:
        name, ledger = self._pod.name, self._ledger
        told = f"Its sidecar says that it leads, with token {token}."
        if not ledger.accepts(token) or ledger.pointer != BATCH:
            text = f"{told} The pointer is at {ledger.pointer}: nothing is due."
            self._scene.tell(Mark.NOTE, name, f"the app of {name} looks", text)
            return
        text = f"{told} The pointer is at {BATCH}, so it works on batch {BATCH}."
        self._scene.tell(Mark.NOTE, name, f"the app of {name} begins", text)
        self._world.time.after(WORK_S, self._when_awake, lambda: self._pay(token, 1))

    def wake(self) -> None:
        """Go on where it was stopped, a moment later: the machine has much to do."""
        self._world.time.after(_MOMENT_S, super().wake)

    def _when_awake(self, call: Callable[[], None]) -> None:
        if self.frozen:
            self._waiting.append(call)
        else:
            call()

    def _pay(self, token: int, attempt: int) -> None:
        """Send the payment; who is refused tries again a few times, as programs do."""
        why = "It had asked its sidecar before, and now it writes." if attempt == 1 else "It tries again."
        label = f"pay, token {token}"
        step = self._scene.tell(Mark.MESSAGE, self._pod.name, label, why, to=LEDGER)
        mark = self._ledger.mark
        if self._ledger.pay(BATCH, token):
            before, after, _ = self._ledger.moves[-1]
            again = len(self._ledger.paid) > 1
            step.text += f" Batch {BATCH} is paid{' a second time' if again else ''}"
            step.text += f"; the pointer moves {before} → {after}." if before != after else "."
            if again:
                step.mark = Mark.FAULT
            return
        step.mark = Mark.REFUSED
        step.text += f" The ledger has seen {mark}: a write with {token} comes from a term that is over."
        if attempt < TRIES:
            self._world.time.after(RETRY_S, self._when_awake, lambda: self._pay(token, attempt + 1))
