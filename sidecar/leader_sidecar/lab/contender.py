"""Owns an elector of another make that stands for the same Lease, with client-go's habits: no token, rash release."""

import random
from typing import TYPE_CHECKING, Any

from leader_sidecar.core.messages import Written
from leader_sidecar.core.record import Record
from leader_sidecar.core.wire import micro_time

if TYPE_CHECKING:
    from leader_sidecar.lab.world import World

_RETRY_S = 2.0
_DURATION_S = 15
_IDENTITY = "client-go_0001"


class Contender:
    """Stand for the Lease until an instant, then go.

    Args:
        world: where it stands.
        rng: its own.
        until_s: when it goes.
        wipes: it then empties the holder, even where another one leads (client-go with ReleaseOnCancel does).
    """

    def __init__(self, world: "World", rng: random.Random, until_s: float, wipes: bool) -> None:
        self._world = world
        self._rng = rng
        self._until_s = until_s
        self._wipes = wipes
        self._seen = ""
        self._seen_s = 0.0
        self._look()

    def _look(self) -> None:
        world = self._world
        now_s = world.time.now_s
        record = world.api.record
        if now_s >= self._until_s:
            if record is not None and self._wipes:
                self._write(record, {"holderIdentity": "", "leaseDurationSeconds": 1})
            world.disturb(now_s)
            return
        if record is not None:
            if record.change_key != self._seen:
                self._seen, self._seen_s = record.change_key, now_s
            free = record.holder in ("", _IDENTITY) or now_s - self._seen_s > record.duration_s
            if free:
                self._write(record, {"holderIdentity": _IDENTITY, "leaseDurationSeconds": _DURATION_S})
        world.time.after(_RETRY_S * (1 + 0.2 * self._rng.random()), self._look)

    def _write(self, record: Record, fields: dict[str, Any]) -> None:
        world = self._world
        if world.api.down:
            return
        spec = {**(record.body.get("spec") or {}), **fields, "renewTime": micro_time(int(world.time.now_s * 1e6))}
        if record.holder != _IDENTITY:
            spec["leaseTransitions"] = min(record.transitions + 1, 2**31 - 1)
        outcome = world.api.put({**record.body, "spec": spec})
        if isinstance(outcome, Written) and world.trace is not None:
            world.trace.note(f"client-go writes version {outcome.record.version}: holder {outcome.record.holder!r}")
