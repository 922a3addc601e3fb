"""Owns the table's rows: what each shows, what is asked of the sidecar, and which measurement fills it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.faults import CUT, FROZEN, cut, frozen
from bench.figures import Measured, Row
from bench.load import LOAD, load
from bench.scene import Scene
from bench.steady import CPU, FOLLOWER, LEADER, MEMORY, REQUESTS, steady
from bench.succession import CRASH, HAND_OVER, START, crash, hand_over, start

_PARTS = (LEADER, FOLLOWER)


def _p50_p99(measured: Measured) -> str:
    return f"p50 {measured.p('s', 0.5):.3f} s, p99 {measured.p('s', 0.99):.3f} s"


def _frozen(measured: Measured) -> str:
    told = f"{measured.p('ms', 0.5):.0f} ms, at most {measured.worst('ms'):.0f} ms"
    if measured["work ms"]:
        told += f"; context of its work {measured.worst('work ms'):.0f} ms"
    return told


def _cut(measured: Measured) -> str:
    overwritten, n = sum(measured["overwritten"]), measured.count("overwritten")
    return f"{_frozen(measured)}; overwritten {overwritten:.0f} of {n}"


def _parts(form: str) -> Callable[[Measured], str]:
    return lambda measured: " / ".join(form.format(measured.mean(part)) for part in _PARTS)


def _load(measured: Measured) -> str:
    told = f"{measured.mean('bare rate'):.0f} /s bare, CPU {_least(measured, 'bare cpu')}"
    if measured["sidecar rate"]:
        told = (
            f"{_share(measured):.2f} × ({measured.mean('sidecar rate'):.0f} of {told}; "
            f"own CPU {_least(measured, 'sidecar cpu')}"
        )
        if measured["late s"]:
            told += f"; renewals late by {measured.worst('late s'):.3f} s at most"
        told += ")"
    return told


def _share(measured: Measured) -> float:
    return measured.mean("sidecar rate") / measured.mean("bare rate")


def _least(measured: Measured, quantity: str) -> str:
    return f"{min(measured[quantity]) * 100:.0f} %"


def _load_is_met(ours: Measured, _: Measured) -> bool:
    busy = min(ours["sidecar cpu"] + ours["bare cpu"]) >= 0.9
    return busy and _share(ours) >= 0.7 and ours.worst("late s") <= 1.0 and ours.worst("leads") == 1.0


ROWS: Sequence[Row] = (
    Row(
        CRASH,
        "crash (SIGKILL) to new leader, beyond last renewal + lease duration",
        "≤ 0.3 s at p99",
        "s",
        _p50_p99,
        lambda ours, _: ours.p("s", 0.99) <= 0.3,
        ("s",),
    ),
    Row(
        HAND_OVER,
        "gentle hand-over, SIGTERM to new leader",
        "≤ 0.10 s at p99",
        "s",
        _p50_p99,
        lambda ours, _: ours.p("s", 0.99) <= 0.10,
        ("s",),
    ),
    Row(
        FROZEN,
        "leader frozen 20 s and woken: two answers true side by side",
        "0 ms",
        "ms",
        _frozen,
        lambda ours, _: ours.worst("ms") == 0.0,
        ("ms",),
    ),
    Row(
        CUT,
        "leader cut off 20.5 s and healed: two answers true; a successor's Lease overwritten",
        "0 ms; never",
        "ms",
        _cut,
        lambda ours, _: ours.worst("ms") == 0.0 and not any(ours["overwritten"]),
        ("ms", "overwritten"),
    ),
    Row(
        REQUESTS,
        "API requests per minute, leader / idle follower",
        "≤ 14 / ≤ 1",
        LEADER,
        _parts("{:.1f}"),
        lambda ours, _: ours.worst(LEADER) <= 14.0 and ours.worst(FOLLOWER) <= 1.0,
        _PARTS,
    ),
    Row(
        MEMORY,
        "memory (RSS) after 5 min, leader / follower",
        "≤ 42 MiB",
        LEADER,
        _parts("{:.1f} MiB"),
        lambda ours, _: max(ours.worst(part) for part in _PARTS) <= 42.0,
        _PARTS,
    ),
    Row(
        CPU,
        "CPU seconds per hour, from minute 1 on, leader / idle follower",
        "no more than client-go",
        LEADER,
        _parts("{:.2f}"),
        lambda ours, theirs: all(ours.mean(part) <= theirs.mean(part) for part in _PARTS),
        _PARTS,
        compares=True,
    ),
    Row(
        LOAD,
        "GET /leader, keep-alive, against a bare aiohttp handler",
        "≥ 0.7 ×, CPU of both ≥ 90 %, no renewal late by over 1 s",
        "sidecar rate",
        _load,
        _load_is_met,
        ("bare rate", "sidecar rate", "late s", "leads"),
    ),
    Row(
        START,
        "process start to first answer on its port",
        "≤ 0.6 s",
        "s",
        _p50_p99,
        lambda ours, _: ours.worst("s") <= 0.6,
        ("s",),
    ),
)
"""In the order of the table."""

MEASUREMENTS: Sequence[tuple[Callable[[Scene], None], tuple[str, ...]]] = (
    (start, (START,)),
    (hand_over, (HAND_OVER,)),
    (load, (LOAD,)),
    (steady, (REQUESTS, MEMORY, CPU)),
    (frozen, (FROZEN,)),
    (cut, (CUT,)),
    (crash, (CRASH,)),
)
"""Each with the rows that it fills, the quick ones first."""
