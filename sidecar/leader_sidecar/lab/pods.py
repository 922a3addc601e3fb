"""Owns the pods: containers that restart in place, their identity, the socket that one sidecar of each can hold."""

from typing import TYPE_CHECKING

from leader_sidecar.core.state import Config
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.api_server import NAME, NAMESPACE
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.clocks import MachineClock
from leader_sidecar.lab.network import Link
from leader_sidecar.lab.watching import Watch

if TYPE_CHECKING:
    from leader_sidecar.lab.world import World

SOCKET_RULE = True
"""Who cannot bind the pod's socket does not stand (DESIGN §3); a known-bad variant takes the rule away."""


class Pod:
    """One pod on a machine of its own.

    Args:
        world: where it lives.
        index: which place of the workload it fills; its name, as a StatefulSet's would be.
        clock: its machine's.
        timing: of its sidecar.
        uid_number: makes its uid; a pod made again has another.
    """

    def __init__(self, world: "World", index: int, clock: MachineClock, timing: Timing, uid_number: int) -> None:
        self.world = world
        self.index = index
        self.name = f"payouts-{index}"
        self.uid = f"00000000-0000-4000-8000-{uid_number:012d}"
        self.clock = clock
        self.timing = timing
        self.link = Link()
        self.process: Candidate | None = None
        self.alive = True
        self.promise_until_boot_s = 0.0
        """Until when any answer of this pod promised leadership, on its machine's boottime; 0 for nothing promised."""
        self.late_timers_s = 0.0
        self.late_until_s = 0.0
        self.app = world.make_app(self)

    def start_process(self) -> Candidate | None:
        """Start a sidecar in this pod.

        Returns:
            The process, or None where another one holds the pod's socket: it then exits and never stands.
        """
        world = self.world
        if not self.alive or (SOCKET_RULE and self.process is not None and self.process.alive):
            return None
        config = Config(
            namespace=NAMESPACE,
            name=NAME,
            pod_name=self.name,
            pod_uid=self.uid,
            nonce=f"{world.next_nonce():016x}",
            timing=self.timing,
            token_floor=world.floor,
            create_lease=world.schedule.create_lease,
            sole_in_pod=True,
        )
        process = Candidate(world, self, config)
        self.process = process
        world.processes.append(process)
        Watch(world, process)
        process.start()
        return process

    def process_ended(self, process: Candidate) -> None:
        """Note that a process ended by itself; the pod's place is filled again a little later."""
        self.world.disturb(self.world.time.now_s, gentle=True)
        self.world.bury(process)
        if process is self.process and self.alive:
            self.world.time.after(1.0 + 3.0 * self.world.rng.random(), self.replace, True)

    def restart(self) -> None:
        """Start the sidecar's container again, if it is not running."""
        if self.process is None or not self.process.alive:
            self.start_process()

    def replace(self, gentle: bool = False) -> None:
        """Let this pod vanish and another one of the same name take its place."""
        if not self.alive:
            return
        self.vanish()
        self.world.disturb(self.world.time.now_s, gentle=gentle)
        self.world.add_pod(self.index, self.timing).start_process()

    def vanish(self) -> None:
        """End everything in this pod."""
        self.alive = False
        if self.process is not None and self.process.alive:
            self.process.kill()
            self.world.bury(self.process)

    def timers_late_s(self) -> float:
        """Say by how much the timer that is due now is handled late."""
        world = self.world
        if world.time.now_s >= self.late_until_s:
            return 0.0
        world.struck("timers_late", world.time.now_s, self.process)
        if self.process is not None:
            self.process.view.disturbed_s = world.time.now_s
        return self.late_timers_s * world.rng.random()
