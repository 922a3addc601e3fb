"""Owns what must happen at last: a leader when the faults are over, a quick hand-over, and few requests."""

from typing import TYPE_CHECKING

from leader_sidecar.lab.violation import Violation

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.world import World

HANDOVER_S = 1.0
_BURST_WINDOW = 10
_BURST = 30
"""At most so many requests within ten retry periods: a write and a read in each, and a term's writes besides."""
_QUIET_WINDOW_S = 30.0


class Liveness:
    """Judge waiting times.

    Args:
        world: what is judged.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._leaderless_since_s: float | None = 0.0
        self._released_s = float("inf")
        self._begun_s = 0.0
        self.terms = 0
        self.longest_wait_s = 0.0
        self.handovers = 0

    def begun(self, process: "Candidate") -> None:
        """A term has begun."""
        self.terms += 1
        self._judge()
        self._leaderless_since_s = None
        self._released_s = float("inf")
        self._begun_s = self._world.time.now_s
        process.pod.app.look_soon()

    def ended(self, process: "Candidate") -> None:
        """A term is over."""
        if self._leaderless_since_s is None and not any(p.view.leading and p.alive for p in self._world.processes):
            self._leaderless_since_s = self._world.time.now_s

    def released(self, by: "Candidate") -> None:
        """The Lease was given back: whoever can must lead soon."""
        world = self._world
        now_s = world.time.now_s
        longest_s = self._bound_s()
        if now_s - world.rough_s <= longest_s or world.liveness_excluded:
            return
        if now_s - self._begun_s < 2 * by.config.timing.retry_period_s:
            return  # who has just lost a claim waits its turn
        if any(p is not by and self._can_stand(p, now_s - longest_s) for p in world.processes):
            self._released_s = now_s
            self.handovers += 1
            world.time.after(HANDOVER_S, self._handed_over, now_s)

    def _can_stand(self, process: "Candidate", since_s: float) -> bool:
        return process.alive and not process.frozen and process.started_s < since_s and process.out_s < since_s

    def _handed_over(self, released_s: float) -> None:
        if self._released_s == released_s and self._world.rough_s < released_s:
            raise Violation("L2", f"nobody leads {HANDOVER_S:g} s after the Lease was given back")

    def sent(self, process: "Candidate") -> None:
        """A request was sent: they must not come too often, by the sender's own clock."""
        now_s, requests = process.clock.boottime_s(), process.view.requests
        requests.append(now_s)
        if len(requests) > _BURST:
            window_s = _BURST_WINDOW * process.config.timing.retry_period_s
            if now_s - requests[-_BURST - 1] < window_s and self._world.cut is None:
                raise Violation("L6", f"{process.name} sent {_BURST} requests within {window_s:g} s")
            if len(requests) > 4 * _BURST:
                del requests[: -2 * _BURST]

    def finish(self) -> None:
        """Judge the end of the run."""
        self._judge()
        world = self._world
        now_s = world.time.now_s
        if now_s - world.last_disturbed_s < self._bound_s() + _QUIET_WINDOW_S or world.liveness_excluded:
            return
        for process in world.processes:
            if process.alive:
                since_s = process.clock.boottime_s() - _QUIET_WINDOW_S
                sent = sum(at_s > since_s for at_s in process.view.requests)
                interval_s = process.config.timing.renew_interval_s
                most = _QUIET_WINDOW_S / interval_s + 2 if process.view.leading else 3
                if sent > most:
                    raise Violation("L6", f"{process.name} sent {sent} requests in {_QUIET_WINDOW_S:g} quiet seconds")

    def _judge(self) -> None:
        world = self._world
        if world.processes and all(process.view.barred for process in world.processes):
            world.exclude_liveness("reads that went back in time for D, everywhere")
        if self._leaderless_since_s is None or world.liveness_excluded:
            return
        waited_s = world.time.now_s - max(self._leaderless_since_s, world.last_disturbed_s)
        self.longest_wait_s = max(self.longest_wait_s, waited_s)
        if waited_s > self._bound_s():
            raise Violation("L1", f"nobody led for {waited_s:.3f} s after the last disturbance")

    def _bound_s(self) -> float:
        """D + 2 retry periods + 1 s, on the slowest clock."""
        world = self._world
        slowest = min(pod.clock.rate for pod in world.pods)
        durations = max([world.longest_duration_s, *(pod.timing.lease_duration_s for pod in world.pods)])
        retry_s = max(pod.timing.retry_period_s for pod in world.pods)
        return (durations + 2 * retry_s) / slowest + 1.0
