"""Owns what a figure is: samples of both electors, what is asked of them, and the verdict; no measuring."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

CLIENT_GO, SIDECAR = "client-go", "sidecar"
KINDS = (CLIENT_GO, SIDECAR)
MET, SHORT, OPEN = "met", "falls short", "–"


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest sample that at least `share` of all do not exceed.

    Args:
        samples: at least one.
        share: above 0, at most 1. With few samples a high share gives the largest.
    """
    if not samples or not 0.0 < share <= 1.0:
        raise ValueError(f"no {share:g} percentile of {len(samples)} samples")
    return sorted(samples)[math.ceil(len(samples) * share) - 1]


@dataclass
class Findings:
    """What a run has measured so far: samples by row, kind and quantity.

    A measurement adds each sample as it comes, so that a run that is broken off has what it had.
    """

    samples: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)

    def add(self, row: str, kind: str, quantity: str, value: float) -> None:
        """Keep one sample."""
        self.samples.setdefault(row, {}).setdefault(kind, {}).setdefault(quantity, []).append(value)

    def of(self, row: str, kind: str) -> Measured:
        """Return the samples of one kind in one row, perhaps none."""
        return Measured(self.samples.get(row, {}).get(kind, {}))


@dataclass(frozen=True)
class Measured:
    """The samples of one kind in one row, by quantity."""

    by_quantity: dict[str, list[float]]

    def __bool__(self) -> bool:
        return any(self.by_quantity.values())

    def __getitem__(self, quantity: str) -> list[float]:
        return self.by_quantity.get(quantity, [])

    def count(self, quantity: str) -> int:
        return len(self[quantity])

    def p(self, quantity: str, share: float) -> float:
        return percentile(self[quantity], share)

    def mean(self, quantity: str) -> float:
        return sum(self[quantity]) / len(self[quantity])

    def worst(self, quantity: str) -> float:
        return max(self[quantity])


Show = Callable[[Measured], str]
Judge = Callable[[Measured, Measured], bool]


@dataclass(frozen=True)
class Row:
    """One figure of the table.

    Args:
        key: how `--only` names it.
        title: what it is.
        asked: what is asked of the sidecar, in words.
        counted: the quantity whose samples are counted as n.
        show: writes what was measured of one kind.
        judge: says of the sidecar's and client-go's samples whether what is asked was met.
        needs: the quantities of the sidecar without which there is no verdict.
        compares: whether the verdict needs client-go's samples of the same quantities too.
    """

    key: str
    title: str
    asked: str
    counted: str
    show: Show
    judge: Judge
    needs: tuple[str, ...]
    compares: bool = False

    def verdict(self, findings: Findings) -> str:
        """Say whether what is asked was met; open where too little was measured to say."""
        ours, theirs = findings.of(self.key, SIDECAR), findings.of(self.key, CLIENT_GO)
        wanted = [ours, theirs] if self.compares else [ours]
        if not all(one[quantity] for one in wanted for quantity in self.needs):
            return OPEN
        return MET if self.judge(ours, theirs) else SHORT

    def cells(self, findings: Findings) -> dict[str, str]:
        """Return what stands in the table, by column."""
        shown = {}
        for kind in KINDS:
            measured = findings.of(self.key, kind)
            n = measured.count(self.counted)
            shown[kind] = f"{self.show(measured)} (n={n})" if n else OPEN
        return {"figure": self.title, **shown, "asked": self.asked, "verdict": self.verdict(findings)}

    def as_json(self, findings: Findings) -> dict[str, Any]:
        """Return the cells and every sample."""
        return {"key": self.key, **self.cells(findings), "samples": findings.samples.get(self.key, {})}
