"""A sidecar in which one part crashes when SIGUSR1 comes: `crashing_sidecar.py PART run …`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

from leader_sidecar.cli.main import main
from leader_sidecar.kube.leases import LeaseStore
from leader_sidecar.kube.watch import LeaseWatch
from leader_sidecar.runtime import driver

_crash = False

PARTS: dict[str, tuple[Any, str]] = {
    "core": (driver, "step"),
    "request": (LeaseStore, "write"),
    "watch": (LeaseWatch, "_take"),
}


def _crashing(part: Callable[..., Any]) -> Callable[..., Any]:
    def crash_or_work(*arguments: Any, **named: Any) -> Any:
        if _crash:
            raise RuntimeError("crashed on purpose")
        return part(*arguments, **named)

    return crash_or_work


def _on_signal(*_: object) -> None:
    global _crash
    _crash = True


if __name__ == "__main__":
    owner, name = PARTS[sys.argv.pop(1)]
    setattr(owner, name, _crashing(getattr(owner, name)))
    signal.signal(signal.SIGUSR1, _on_signal)
    sys.exit(main())
