"""Owns the clocks of one machine: boottime at a rate of its own, and wall time that steps as it likes."""

from leader_sidecar.lab.virtual_time import VirtualTime

WALL_START_US = 1_767_225_600_000_000  # 2026-01-01: any instant would do, this one reads well in a timeline


class MachineClock:
    """The clocks that every process on one machine reads.

    Args:
        time: the world's.
        boot_s: what boottime shows at the start.
        rate: seconds of boottime in a second of the world's time.
        wall_offset_us: how far wall time is off at the start.
    """

    def __init__(self, time: VirtualTime, boot_s: float, rate: float = 1.0, wall_offset_us: int = 0) -> None:
        self._time = time
        self._base_s = boot_s
        self._since_s = time.now_s
        self.rate = rate
        self.wall_offset_us = wall_offset_us
        self.stuck_until_s = -1.0
        self._stuck_at_us = 0
        self._suspended_s = 0.0
        self._suspended_at_s: float | None = None

    def boottime_s(self) -> float:
        """Say what CLOCK_BOOTTIME shows: the truth that checks use."""
        return self._base_s + (self._time.now_s - self._since_s) * self.rate

    def now_s(self) -> float:
        """Read the clock as the sidecar does; a known-bad variant reads another one."""
        return self._base_s + (self._time.now_s - self._since_s) * self.rate

    def wall_us(self) -> int:
        """Read wall time."""
        if self._time.now_s < self.stuck_until_s:
            return self._stuck_at_us
        return WALL_START_US + self.wall_offset_us + int(self._time.now_s * 1e6)

    def stick(self, for_s: float) -> None:
        """Let wall time stand still for a while."""
        self._stuck_at_us = self.wall_us()
        self.stuck_until_s = self._time.now_s + for_s

    def set_rate(self, rate: float) -> None:
        """Go on from here at another rate."""
        self._base_s, self._since_s, self.rate = self.boottime_s(), self._time.now_s, rate

    def suspend(self) -> None:
        """Suspend the machine."""
        self._suspended_at_s = self._time.now_s

    def resume(self) -> None:
        """Go on."""
        self._suspended_s, self._suspended_at_s = self.suspended_s, None

    @property
    def suspended_s(self) -> float:
        """World seconds of suspend so far, which a clock like CLOCK_MONOTONIC does not count."""
        since_s = self._suspended_at_s
        return self._suspended_s + (0.0 if since_s is None else self._time.now_s - since_s)
