"""Owns the apps: they ask their sidecar, think, then act on a guarded and on an unguarded resource.

The guarded one is a list of items, each guarded by the highest token it saw; a leader works at the first that is not
done. The unguarded one bears only one worker at a time; apps keep off it once their answer has run out.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from leader_sidecar.lab.violation import Violation

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.pods import Pod
    from leader_sidecar.lab.world import World

_LOOK_LEADING_S = 4.0
_LOOK_FOLLOWING_S = 40.0


class Resource:
    """The items and their guard; it checks I5 and I6 by what takes effect.

    Args:
        world: where it is.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._marks: dict[int, int] = {}
        self._in_effect: dict[int, int] = {}
        self.first_open = 0

    def accept(self, item: int, token: int) -> bool:
        """Take a write of a token if no higher one was seen: check and change are one step."""
        if token < self._marks.get(item, 0):
            return False
        self._marks[item] = token
        self.take_effect(item, token)
        return True

    def write(self, item: int, token: int) -> bool:
        """Handle a write that arrived, and check that the right ones are refused."""
        highest = self._in_effect.get(item, 0)
        accepted = self.accept(item, token)
        if not accepted and self._world.trace is not None:
            self._world.trace.refused(item, token, highest)
        if not accepted and token >= highest:
            raise Violation("L5", f"the guard refused token {token} of item {item}, whose highest is {highest}")
        return accepted

    def take_effect(self, item: int, token: int) -> None:
        """Do what a write asks for."""
        highest = self._in_effect.get(item, 0)
        if token < highest:
            raise Violation("I6", f"a write of token {token} took effect on item {item} after one of {highest}")
        self._in_effect[item] = token
        self.first_open = max(self.first_open, item + 1)


class App:
    """The workload of one pod.

    Args:
        world: where it lives.
        pod: whose sidecar it asks.
    """

    def __init__(self, world: "World", pod: "Pod") -> None:
        self._world = world
        self._pod = pod
        self._rng = random.Random(world.rng.getrandbits(32))
        self._looks = 0
        self._ended_s = -1.0
        self._waiting: list[Callable[[], None]] = []
        self.frozen = False
        self.pause_s = 0.0
        self.pause_until_s = 0.0
        self.write_faults: list[tuple[str, float, float]] = []
        world.time.after(_LOOK_FOLLOWING_S * self._rng.random(), self.look, 0)

    def look_soon(self) -> None:
        """Look again at once: a long poll was answered."""
        self._looks += 1
        self._world.time.after(0.001, self.look, self._looks)

    def look(self, number: int) -> None:
        """Ask the sidecar, and begin to act where it says yes."""
        if number != self._looks or not self._pod.alive:
            return
        if self.frozen:
            self._waiting.append(lambda: self.look(number))
            return
        process = self._pod.process
        leads = process is not None and process.alive and not process.frozen and self._ask(process)
        self._looks += 1
        self._world.time.after(_LOOK_LEADING_S if leads else _LOOK_FOLLOWING_S, self.look, self._looks)

    def _ask(self, process: "Candidate") -> bool:
        answer = self._world.monitor.asked(process)
        if not answer.is_leader or answer.token is None:
            return False
        clock = self._pod.clock
        until_boot_s = clock.boottime_s() + answer.valid_until_s - process.clock.now_s()
        time, item = self._world.time, self._world.resource.first_open
        time.after(self._think_s(), self._act, answer.token, until_boot_s, item, time.now_s)
        return True

    def _think_s(self) -> float:
        world = self._world
        if world.time.now_s < self.pause_until_s:
            pause_s = self.pause_s * self._rng.random()
            world.struck("app_paused", world.time.now_s, None)
            return pause_s
        return 0.0 if world.schedule.instant else 0.2 * self._rng.random()

    def _act(self, token: int, until_boot_s: float, item: int, looked_s: float) -> None:
        if self.frozen:
            self._waiting.append(lambda: self._act(token, until_boot_s, item, looked_s))
            return
        clock, world = self._pod.clock, self._world
        if clock.boottime_s() < until_boot_s and self._pod.alive and looked_s > self._ended_s:
            margin_s = self._pod.timing.stop_margin_s / clock.rate
            world.worksite.work(self._pod, 0.9 * margin_s * self._rng.random())
        self._send(token, item, 0)

    def _send(self, token: int, item: int, tries: int) -> None:
        world, rng = self._world, self._rng
        delay_s = world.network.leg_s()
        for kind, until_s, size in self.write_faults:
            if world.time.now_s < until_s:
                late_s = max(min(60.0 * size * rng.random(), world.quiet_by_s - world.time.now_s), 0.0)
                world.struck(kind, world.time.now_s + late_s, None)
                if kind == "app_write_delayed":
                    delay_s += late_s
                elif tries == 0:
                    world.time.after(delay_s + late_s / 10, self._send, token, item, 1)
        world.time.after(delay_s, world.resource.write, item, token)

    def end_work(self) -> None:
        """Be done with all work: the app has resigned or ended."""
        self._ended_s = self._world.time.now_s
        self._world.worksite.leave(self._pod)

    def freeze(self) -> None:
        """Stop the app's process."""
        self.frozen = True

    def wake(self) -> None:
        """Go on where it was stopped."""
        self.frozen = False
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()


class Worksite:
    """The unguarded resource: it bears one worker at a time.

    Args:
        world: where it is.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._worker: Pod | None = None
        self._until_s = 0.0

    def work(self, pod: "Pod", for_s: float) -> None:
        """Begin to work; the worker began while its answer held, and ends within the stop margin."""
        now_s = self._world.time.now_s
        if self._world.one_leader and now_s < self._until_s and self._worker is not pod:
            assert self._worker is not None
            raise Violation("I1", f"{pod.name} works while {self._worker.name} is still at work")
        if self._worker is not pod or now_s + for_s > self._until_s:
            self._worker, self._until_s = pod, now_s + for_s

    def leave(self, pod: "Pod") -> None:
        """End this pod's work."""
        if self._worker is pod:
            self._until_s = 0.0
