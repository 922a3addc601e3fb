"""Owns the reading of clocks: the only file that may."""

import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """The clocks of this machine.

    Args:
        boot_id: which boot `now_s` counts from, "" where the kernel does not tell; instants compare within one boot.
    """

    def __init__(self) -> None:
        self.boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""

    def now_s(self) -> float:
        """Read CLOCK_BOOTTIME, in seconds: it never goes back and counts the time that the machine was suspended.

        Source: clock_gettime(2).
        """
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall_us(self) -> int:
        """Read wall time, in microseconds since 1970: to be written and shown, never to be compared."""
        return time.time_ns() // 1000
