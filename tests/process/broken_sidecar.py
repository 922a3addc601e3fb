"""Sidecars that are broken on purpose, each in a way that one of the checks has to find: broken_sidecar.py HOW run …

What they tell their apps they tell their logs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from leader_sidecar.cli.main import main
from leader_sidecar.core.state import State
from leader_sidecar.core.status import Answer, answer
from leader_sidecar.runtime import election
from leader_sidecar.runtime import main as runtime
from leader_sidecar.runtime.log import LogWriter

_HASTE_S = 0.8  # more than a renew interval, so that a leader that is well is left alone
_led: list[Answer] = []


def remembers(told: Answer) -> Answer:
    """Go on saying what was true once."""
    if told.is_leader:
        _led[:] = [told]
    return _led[0] if _led else told


def counts_backwards(told: Answer) -> Answer:
    """Tell tokens that fall from term to term."""
    return replace(told, token=backwards(told.token)) if told.token else told


def backwards(token: int) -> int:
    return 10**9 - token


def tells_one_token(told: Answer) -> Answer:
    """Tell the same token in every term."""
    return replace(told, token=1) if told.token else told


def leads_once(told: Answer) -> Answer:
    """Lead in no term but the first."""
    if told.is_leader and not _led:
        _led.append(told)
    first = not _led or told.token in (None, _led[0].token)
    return told if first else replace(told, is_leader=False, token=None)


def takes_over_early(told: Answer) -> Answer:
    """Take a record over before its duration has passed; what it answers is what it believes."""
    return told


HOW: dict[str, Callable[[Answer], Answer]] = {
    one.__name__: one for one in (remembers, counts_backwards, tells_one_token, leads_once, takes_over_early)
}


class LyingLog(LogWriter):
    """Write what the answers say."""

    def __call__(self, level: str, event: str, **fields: Any) -> None:
        if how is remembers and event == "stopped_leading":
            return
        if how is counts_backwards and "token" in fields:
            fields["token"] = backwards(fields["token"])
        if how is tells_one_token and "token" in fields:
            fields["token"] = 1
        super().__call__(level, event, **fields)


if __name__ == "__main__":
    how = HOW[sys.argv.pop(1)]

    def broken_answer(state: State, now_s: float) -> Answer:
        return how(answer(state, now_s))

    election.answer = broken_answer  # type: ignore[attr-defined]
    runtime.LogWriter = LyingLog  # type: ignore[misc]
    if how is takes_over_early:
        State.free_at_s = property(lambda state: state.observed_at_s + _HASTE_S)  # type: ignore[assignment, method-assign]
    sys.exit(main())
