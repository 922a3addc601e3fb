"""Owns a person's job: units that each must be done once, who works on them, and where they are written.

A leader takes the first unit that is open, works on it for a second, and writes that it is done; what is written again
later was done twice.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.app import App

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.pods import Pod
    from leader_sidecar.lab.world import World

WORK_S = 1.0
"""How long a unit of work takes."""
_IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a person has chosen.

    Args:
        timing: of the election.
        cached: the job takes its copy of the Lease for the truth, however old; else it asks the sidecar, whose answer
            ends when the last write that a quorum confirmed is too old.
        guarded: what is written to refuses a token lower than the highest it has seen.
    """

    timing: Timing
    cached: bool = False
    guarded: bool = True


class Store:
    """Where units are written; check and change are one step."""

    def __init__(self, guarded: bool) -> None:
        self.times_done: Counter[int] = Counter()
        self.refused = 0
        self._guarded = guarded
        self._mark = 0

    @property
    def first_open(self) -> int:
        """Return the unit to work on next."""
        return max(self.times_done, default=-1) + 1

    def stamp(self, token: int) -> bool:
        """Take a token, unless it is stale; a new leader's first act, before it looks what is open."""
        if self._guarded and token < self._mark:
            self.refused += 1
            return False
        self._mark = max(self._mark, token)
        return True

    def write(self, unit: int, token: int) -> None:
        """Take a unit as done."""
        if self.stamp(token):
            self.times_done[unit] += 1


class Worker(App):
    """The job in one pod.

    Args:
        world, pod: as every app's.
        job: what was chosen.
        store: where units are written.
    """

    def __init__(self, world: "World", pod: "Pod", job: Job, store: Store) -> None:
        super().__init__(world, pod)
        self._job = job
        self._store = store
        self._token = 0
        self._busy = False
        """It works; whatever happens meanwhile, it writes first and looks then."""

    def look(self, number: int) -> None:
        """Look whether to work; who does looks again when it is done, who does not now and then."""
        if number != self._looks or not self._pod.alive:
            return
        if self.frozen:
            self._waiting.append(lambda: self.look(number))
            return
        self._looks += 1
        process = self._pod.process
        token = self._held(process) if process is not None and process.alive else 0
        if not token:
            self._world.time.after(_IDLE_S, self.look, self._looks)
            return
        if token != self._token:
            self._token = token
            self._store.stamp(token)
        self._busy = True
        self._world.time.after(WORK_S, self._hand_in, self._store.first_open, token, self._looks)

    def _held(self, process: "Candidate") -> int:
        """Return the token of the term that this replica believes to be in, 0 for none."""
        if self._job.cached:
            record = process.view.record
            return record.token if record is not None and record.holder == process.identity else 0
        if process.frozen:
            return 0
        answer = self._world.monitor.asked(process)
        return (answer.token or 0) if answer.is_leader else 0

    def _hand_in(self, unit: int, token: int, number: int) -> None:
        if self.frozen:
            self._waiting.append(lambda: self._hand_in(unit, token, number))
        elif self._pod.alive and number == self._looks:
            self._world.time.after(self._world.network.leg_s(), self._arrive, unit, token, number)

    def _arrive(self, unit: int, token: int, number: int) -> None:
        self._store.write(unit, token)
        self._busy = False
        self.look(number)

    def end_work(self) -> None:
        """Be done with all work, also with the unit that was begun: the app has ended."""
        self._looks += 1

    def look_soon(self) -> None:
        """Look again at once, unless at work: a long poll was answered."""
        if not self._busy:
            super().look_soon()
