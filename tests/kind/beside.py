"""Which scenarios play side by side: each in a namespace of its own, none on a node that another harms."""

from __future__ import annotations

from kind.disasters import (
    broken,
    client_go,
    cut_off,
    deleted_lease,
    frozen,
    killed,
    new_timings,
    no_rights,
    throttled,
)

BESIDE = {
    "frozen": (frozen.play, "The leader's node is frozen in the midst of a batch"),
    "cut-off": (cut_off.play, "The leader's node is cut off from the API server"),
    "killed": (killed.play, "The leader's node dies and comes back"),
    "deleted-lease": (deleted_lease.play, "The Lease is deleted by hand"),
    "no-rights": (no_rights.play, "The sidecar's rights are taken away and given back"),
    "new-timings": (new_timings.play, "The chart is upgraded with a shorter lease"),
    "client-go": (client_go.play, "A client-go elector stands in the same election"),
    "throttled": (throttled.play, "The sidecar gets a fiftieth of a processor"),
    "broken": (broken.play, "A sidecar that is broken on purpose: two leaders"),
}
"""Scenarios that do not disturb one another, by namespace."""
