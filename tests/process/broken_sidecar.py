"""A sidecar that is broken on purpose: it remembers that it led and goes on saying so."""

from __future__ import annotations

import sys

from leader_sidecar.cli.main import main
from leader_sidecar.core.state import State
from leader_sidecar.core.status import Answer, answer
from leader_sidecar.runtime import election

_remembered: list[Answer] = []


def remembering_answer(state: State, now_s: float) -> Answer:
    """Compute the answer only until it was true once."""
    told = answer(state, now_s)
    if told.is_leader:
        _remembered[:] = [told]
    return _remembered[0] if _remembered else told


if __name__ == "__main__":
    election.answer = remembering_answer  # type: ignore[attr-defined]
    sys.exit(main())
