"""Says what happened, one line of JSON each, in the words of the sidecar's log, so that both are judged together."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def say(event: str, **fields: Any) -> None:
    """Print one line for people, log collectors, and `leader-sidecar verify-log`."""
    head = {"time": datetime.now(UTC).isoformat(timespec="microseconds"), "event": event}
    instant = {"boottime_s": round(time.clock_gettime(time.CLOCK_BOOTTIME), 6), "boot_id": _boot_id()}
    print(json.dumps({**head, **fields, **instant}), flush=True)


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
