"""Sidecars that are broken on purpose, each in a way that one of the checks has to find: broken_sidecar.py HOW run …"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from leader_sidecar.cli.main import main
from leader_sidecar.core.state import State
from leader_sidecar.core.status import Answer, answer
from leader_sidecar.runtime import election

_led: list[Answer] = []


def remembers(told: Answer) -> Answer:
    """Go on saying what was true once."""
    if told.is_leader:
        _led[:] = [told]
    return _led[0] if _led else told


def counts_backwards(told: Answer) -> Answer:
    """Tell tokens that fall from term to term."""
    return replace(told, token=10**9 - told.token) if told.token else told


def tells_one_token(told: Answer) -> Answer:
    """Tell the same token in every term."""
    return replace(told, token=1) if told.token else told


def leads_once(told: Answer) -> Answer:
    """Lead in no term but the first."""
    if told.is_leader and not _led:
        _led.append(told)
    first = not _led or told.token in (None, _led[0].token)
    return told if first else replace(told, is_leader=False, token=None)


HOW: dict[str, Callable[[Answer], Answer]] = {
    one.__name__: one for one in (remembers, counts_backwards, tells_one_token, leads_once)
}


if __name__ == "__main__":
    how = HOW[sys.argv.pop(1)]

    def broken_answer(state: State, now_s: float) -> Answer:
        return how(answer(state, now_s))

    election.answer = broken_answer  # type: ignore[attr-defined]
    sys.exit(main())
