"""Owns `lab run`: the real election in virtual time, under faults, with every promise checked at every step."""

import json
import sys

from leader_sidecar.cli.terminal import GREEN, RED, columns, paint
from leader_sidecar.lab.campaign import Summary, run_campaign
from leader_sidecar.lab.fault_kinds import FAULT_KINDS
from leader_sidecar.lab.run import Outcome, run_schedule
from leader_sidecar.lab.schedule import Schedule, make_schedule
from leader_sidecar.lab.shrink import shrink
from leader_sidecar.runtime.clock import Clock

_BAR_WIDTH = 30
_SHOWN_FAILURES = 10


def run_many(first_seed: int, schedules: int, jobs: int, *, as_json: bool) -> int:
    """Run schedules and print what they came to; see `parser` of `lab` for the arguments."""
    clock = Clock()
    began_s = clock.now_s()
    bar = _Bar(schedules, clock)
    total = run_campaign(first_seed, schedules, jobs, bar.show)
    bar.end()
    took_s = max(clock.now_s() - began_s, 1e-9)
    print(_document(first_seed, total, took_s) if as_json else _page(first_seed, total, took_s))
    if total.failures and not as_json:
        _tell_failure(total)
    if total.failures:
        return 1
    return 0 if total.schedules == schedules else 130


def run_one(seed: int) -> int:
    """Run one schedule and print every line of its timeline."""
    return _tell_one(run_schedule(make_schedule(seed), traced=True))


class _Bar:
    """Show progress on a terminal, and nothing elsewhere."""

    def __init__(self, schedules: int, clock: Clock) -> None:
        self._schedules = schedules
        self._clock = clock
        self._began_s = clock.now_s()
        self._shown = sys.stderr.isatty()

    def show(self, total: Summary) -> None:
        if not self._shown:
            return
        done = total.schedules / self._schedules
        rate = total.schedules / max(self._clock.now_s() - self._began_s, 1e-9)
        left_s = (self._schedules - total.schedules) / rate
        full = int(done * _BAR_WIDTH)
        line = f"{'#' * full}{'.' * (_BAR_WIDTH - full)} {total.schedules}/{self._schedules}"
        line += f"  {rate:.0f} schedules/s  {left_s:.0f} s left  {len(total.failures)} broken"
        sys.stderr.write(f"\r{line:<100}")
        sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * 100 + "\r")


def _page(seed: int, total: Summary, took_s: float) -> str:
    rows = [["FAULT", "STRUCK", "MEANING"]]
    rows += [[name, f"{total.struck[name]:>9}", kind.meaning] for name, kind in FAULT_KINDS.items()]
    lines = columns(rows)
    if total.excluded:
        lines += ["", *columns([["NOT JUDGED TO THE END", "SCHEDULES"], *_excluded(total)])]
    years = total.virtual_s / 31_557_600
    verdict = f"{len(total.failures)} of {total.schedules} schedules broke a promise"
    if not total.schedules:
        return "no schedule was run"
    last = seed + total.schedules - 1
    colour = RED if total.failures else GREEN
    lines += [
        "",
        f"schedules  {total.schedules}, seeds {seed} to {last}, {years:.2f} years in {took_s:.1f} s",
        f"speed      {total.schedules / took_s:.1f} schedules/s, {total.events / took_s:.0f} events/s",
        f"elections  {total.terms} terms, {total.handovers} hand-overs judged",
        f"violations {paint(verdict, colour)}",
    ]
    return "\n".join(lines)


def _excluded(total: Summary) -> list[list[str]]:
    return [[name, f"{count:>9}"] for name, count in sorted(total.excluded.items())]


def _tell_failure(total: Summary) -> None:
    for seed, check, text in total.failures[:_SHOWN_FAILURES]:
        print(f"  seed {seed}: {check}: {text}")
    seed = total.failures[0][0]
    print(f"\nseed {seed}, shrunk:\n", flush=True)
    _tell_one(shrink(run_schedule(make_schedule(seed))))


def _tell_one(outcome: Outcome) -> int:
    print(_story(outcome.schedule))
    print("\n".join(outcome.timeline))
    return 1 if outcome.check else 0


def _story(schedule: Schedule) -> str:
    timing = schedule.timing
    head = f"seed {schedule.seed}: {schedule.pods} pods, lease {timing.lease_duration_s} s, renew deadline "
    head += f"{timing.renew_deadline_s:g} s, drift {timing.max_drift:g}" + (
        ", no Lease at first" * schedule.create_lease
    )
    lines = [head]
    for fault in schedule.faults:
        who = "the leader" if fault.target < 0 else f"payouts-{fault.target}"
        lines.append(
            f"  {fault.at_s:8.3f}  {fault.kind} for {fault.for_s:g} s, {who}, chance {fault.chance:g} {fault.only}"
        )
    return "\n".join(lines) + "\n"


def _document(seed: int, total: Summary, took_s: float) -> str:
    failures = [{"seed": number, "check": check, "text": text} for number, check, text in total.failures]
    return json.dumps(
        {
            "first_seed": seed,
            "schedules": total.schedules,
            "virtual_s": round(total.virtual_s, 3),
            "events": total.events,
            "terms": total.terms,
            "handovers_judged": total.handovers,
            "violations": failures,
            "faults": {name: total.struck[name] for name in FAULT_KINDS},
            "not_judged": dict(sorted(total.excluded.items())),
            "took_s": round(took_s, 3),
        },
        indent=2,
    )
