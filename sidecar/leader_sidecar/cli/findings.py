"""Owns what `doctor` says of one check: a verdict, what was seen, and the one command that mends it."""

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from leader_sidecar.cli.terminal import DIM, GREEN, RED, YELLOW, paint


class Verdict(enum.StrEnum):
    """How a check ended; a hint is worth knowing and needs no mending."""

    OK = "ok"
    WRONG = "wrong"
    HINT = "hint"
    SKIPPED = "skipped"


_COLOURS = {Verdict.OK: GREEN, Verdict.WRONG: RED, Verdict.HINT: YELLOW, Verdict.SKIPPED: DIM}


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of one check.

    Args:
        check: what was looked at, a few words.
        detail: what was seen, one line.
        fix: the command or setting that mends it, "" unless wrong.
    """

    check: str
    verdict: Verdict
    detail: str
    fix: str = ""


def ok(check: str, detail: str) -> Finding:
    """Say that this is as it should be."""
    return Finding(check, Verdict.OK, detail)


def wrong(check: str, detail: str, fix: str) -> Finding:
    """Say what is wrong and what mends it."""
    return Finding(check, Verdict.WRONG, detail, fix)


def hint(check: str, detail: str) -> Finding:
    """Say what is worth knowing."""
    return Finding(check, Verdict.HINT, detail)


def skipped(check: str, why: str) -> Finding:
    """Say why this could not be looked at, or need not be."""
    return Finding(check, Verdict.SKIPPED, why)


def as_lines(findings: Sequence[Finding], width: int) -> list[str]:
    """Write findings for people, one line each, and below it what mends it.

    Args:
        width: columns for what was looked at.
    """
    lines = []
    for one in findings:
        verdict = paint(f"{one.verdict:<7}", _COLOURS[one.verdict])
        lines.append(f"{verdict}  {one.check:<{width}}  {one.detail}")
        if one.fix:
            lines.append(f"{'':<9}fix: {one.fix}")
    return lines


def as_documents(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Write findings for programs."""
    return [{key: str(value) for key, value in asdict(one).items()} for one in findings]
