"""Owns the watch of one process: hints that come late, twice, out of order or not at all; a start shows what is."""

from typing import TYPE_CHECKING

from leader_sidecar.core.record import Record

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.world import World


class Watch:
    """Show the Lease to one process.

    Args:
        world: where it lives.
        process: who is told.
    """

    def __init__(self, world: "World", process: "Candidate") -> None:
        self._world = world
        self._process = process
        self._last_s = 0.0
        self.connected = False
        world.watches.append(self)
        world.api.watchers.append(self.show)
        world.time.after(world.network.leg_s(), self.connect)

    @property
    def over(self) -> bool:
        """Whether its process has ended."""
        return not self._process.alive

    @property
    def process(self) -> "Candidate":
        """Return who is told."""
        return self._process

    def connect(self) -> None:
        """Start afresh: the server shows the Lease as it is now."""
        if self.over or self._world.api.down:
            return
        self.connected = True
        self._world.time.after(self._world.network.leg_s(), self._process.watch_began)
        if self._world.api.record is not None:
            self.show(self._world.api.record, False)

    def cut(self) -> None:
        """Break the stream."""
        self.connected = False

    def show(self, record: Record, deleted: bool) -> None:
        """Put one event on its way."""
        if not self.connected or self.over:
            return
        world = self._world
        delay_s = world.network.leg_s()
        if world.schedule.instant:  # hints come after answers, and to one after the other
            delay_s = 0.001 * (1 + self._process.pod.index)
        faults = self._process.link.on_watch
        for active in faults:
            if active.fault.chance >= 1.0 or active.rng.random() < active.fault.chance:
                delay_s = active.act(world, active, self, record, delay_s)
                if delay_s < 0:
                    return
        # One stream keeps its order, whatever delays it.
        at_s = max(world.time.now_s + delay_s, self._last_s)
        self._last_s = at_s
        world.time.at(at_s, self._process.notified, record, deleted)

    def show_again(self, record: Record) -> None:
        """Repeat an old event, out of order."""
        self._process.notified(record, False)
