"""What the sidecars of the laboratory would write into their logs keeps every promise; what broken ones would does not.

The logs are those of one machine, whose clock is the world's.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import Any

import pytest

from lab.search import RECORDED
from lab.variants import VARIANTS
from leader_sidecar.core.messages import Announce, Effect, Event, ReadDone, WriteDone
from leader_sidecar.core.state import Grant
from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import read_logs
from leader_sidecar.history.verdicts import Verdict
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.schedule import make_schedule
from leader_sidecar.lab.timeline import Timeline
from leader_sidecar.lab.violation import Violation
from leader_sidecar.lab.world import World

SEEDS = json.loads(RECORDED.read_text())
SCHEDULES = 60
SHOWN_BY_LOGS = {
    "leads_on_beside_another": "I8",
    "watch_believed": "I4",
    "name_only_identity": "I3",
    "renew_time_believed": "I1",
    "token_is_transitions": "I2",
}
"""Known-bad variants that their logs give away, and the promise that they are seen to break."""


class LogKeeper(Timeline):
    """Write the lines that `runtime/driver.py` writes."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, Grant | None] = {}

    def note(self, text: str, who: str = "") -> None:
        """Only processes write logs."""

    def event(self, process: Candidate, event: Event) -> None:
        before, now = self._before.get(id(process)), process.state.grant
        if before and now and before.token == now.token and before.valid_until_s != now.valid_until_s:
            self._write(process, "renewed", token=now.token, valid_until_s=self._at_s(process, now))
        self._before[id(process)] = now
        flight = process.state.flight
        if isinstance(event, ReadDone | WriteDone) and flight is not None and flight.number == event.number:
            outcome = type(event.outcome).__name__.lower()
            self._write(process, "request", verb=flight.kind.value, outcome=outcome)

    def effect(self, process: Candidate, effect: Effect) -> None:
        if not isinstance(effect, Announce):
            return
        told = dict(effect.detail)
        grant = {"became_leader": process.state.grant, "stopped_leading": self._before.get(id(process))}.get(
            effect.event
        )
        if grant is not None:
            told["valid_until_s"] = self._at_s(process, grant)
        self._write(process, effect.event, **told)

    def _at_s(self, process: Candidate, grant: Grant) -> float:
        assert self.world is not None
        return self.world.time.now_s + (grant.valid_until_s - process.clock.now_s()) / process.clock.rate

    def _write(self, process: Candidate, event: str, **told: Any) -> None:
        assert self.world is not None
        record, config = process.state.record, process.config
        seen = {"uid": record.uid, "resourceVersion": record.version} if record else {}
        line = {"event": event, "election": config.election, "identity": config.identity, **seen, **told}
        self.lines.append(json.dumps({**line, "boottime_s": self.world.time.now_s, "boot_id": "the world's"}))


def judged(seed: int) -> tuple[World, dict[str, Verdict]]:
    """Run a schedule to its end, whatever the laboratory's own checks say on the way, and judge the logs."""
    schedule, keeper = make_schedule(seed), LogKeeper()
    world = keeper.world = World(schedule, keeper)
    world.populate()
    plan_faults(world)
    while world.time.now_s < schedule.horizon_s:
        with contextlib.suppress(Violation):
            world.time.run(schedule.horizon_s)
    log = read_logs([("lab.log", keeper.lines)])
    assert log.faults == []
    return world, {verdict.promise: verdict for verdict in judge(log)}


def test_no_log_of_the_real_core_is_accused() -> None:
    facts: Counter[str] = Counter()
    for seed in range(SCHEDULES):
        world, verdicts = judged(seed)
        if any(name.startswith("I") for name in world.excluded):  # beyond what is promised
            continue
        for promise, verdict in verdicts.items():
            assert verdict.violations == [], f"seed {seed}: {promise}: {verdict.violations[0]}"
            facts[promise] += verdict.facts
    print(dict(facts))
    assert {promise for promise, count in facts.items() if count} == {"I1", "I2", "I3", "I4", "I7", "I8"}


@pytest.mark.parametrize("name", SHOWN_BY_LOGS)
def test_the_log_of_a_broken_core_gives_it_away(name: str) -> None:
    with VARIANTS[name].patch():
        _, verdicts = judged(SEEDS[name]["seed"])
    assert SHOWN_BY_LOGS[name] in {promise for promise, verdict in verdicts.items() if verdict.violations}
