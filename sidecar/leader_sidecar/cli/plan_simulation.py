"""Owns `plan --simulate`: asks what a person's job is like, tries it under trouble, and says what would break it."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from leader_sidecar.cli.terminal import BOLD, GREEN, RED, columns, paint
from leader_sidecar.core.plan import make_plan, sound_neighbours
from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.trial import REPLICAS, Result, try_out
from leader_sidecar.lab.trial_cases import CASES
from leader_sidecar.lab.trial_job import WORK_S, Job
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.setting_sources import Given, Source
from leader_sidecar.runtime.setting_table import SETTINGS

ROUNDS = 25
LONGEST_S = 20.0
"""No run is begun later than this after the first; one takes a fraction of a second."""
ASKED_SETTINGS = ("lease-duration", "renew-interval")
QUORUM_RULES = ("quorum", "cached")
TOKEN_CHECKS = ("guard", "none")
_MEANINGS = {
    "lease-duration": "How long do others wait on a silent leader? Longer tolerates more, shorter heals faster.",
    "renew-interval": "How often does the leader show that it lives?",
    "quorum-rule": "How does your job know that it leads?\n"
    "  quorum: it asks the sidecar, whose answer has an end; cached: it looks for its name in its copy of the Lease.",
    "token-check": "Does what your job writes to compare fencing tokens?\n"
    "  guard: it refuses a token lower than the highest it saw; none: it takes every write.",
}


@dataclass(frozen=True, slots=True)
class _Question:
    name: str
    default: str
    read: Callable[[str], Any]


def ask(given: Sequence[Given], quorum_rule: str | None, token_check: str | None) -> tuple[tuple[Given, ...], str, str]:
    """Ask for what neither flag nor environment says; where standard input is no terminal, take the defaults.

    Args:
        given: the settings of timing, and where each came from.
        quorum_rule, token_check: None where the flag was not used.
    """
    asks = sys.stdin.isatty()
    known = {setting.name: setting for setting in SETTINGS}
    answered = []
    for one in given:
        name = one.setting.name
        if asks and name in ASKED_SETTINGS and one.source is Source.DEFAULT:
            text = _answer(_Question(name, one.text, known[name].read))
            one = replace(one, text=text, source=Source.FLAG)
        answered.append(one)
    rules = []
    for name, value, choices in (
        ("quorum-rule", quorum_rule, QUORUM_RULES),
        ("token-check", token_check, TOKEN_CHECKS),
    ):
        if value is None:
            value = _answer(_Question(name, choices[0], _one_of(choices))) if asks else choices[0]
        rules.append(value)
    return tuple(answered), rules[0], rules[1]


def _answer(question: _Question) -> str:
    """Ask until the answer can be read; an empty one, or the end of input, is the default."""
    print(_MEANINGS[question.name], file=sys.stderr)
    while True:
        print(f"  {question.name} [{question.default}]: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        text = line.strip() or question.default
        try:
            question.read(text)
        except ValueError as fault:
            print(f"  {text!r} {fault}", file=sys.stderr)
            if line:
                continue
            return question.default
        return text


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is unknown: write {' or '.join(choices)}")
        return text

    return read


def fitted(timing: Timing, given: Sequence[Given]) -> Timing:
    """Lower the renew deadline to one that is sound with the rest, where nobody chose it."""
    chosen = {one.setting.name: one.source is not Source.DEFAULT for one in given}
    if chosen["renew-deadline"] or not timing.faults():
        return timing
    kept = (one for one in sound_neighbours(timing) if one.lease_duration_s == timing.lease_duration_s)
    return next(kept, timing)


def simulate(timing: Timing, quorum_rule: str, token_check: str) -> list[Result]:
    """Try the job, with progress where a person looks on."""
    clock = Clock()
    began_s, whole, shown = clock.now_s(), ROUNDS * len(CASES), sys.stderr.isatty()

    def go_on(runs: int) -> bool:
        if shown and runs % len(CASES) == 0:
            sys.stderr.write(f"\rtrying your job: {runs} of {whole} runs, at most {LONGEST_S:g} s ")
            sys.stderr.flush()
        return clock.now_s() - began_s < LONGEST_S

    job = Job(timing, cached=quorum_rule == "cached", guarded=token_check == "guard")
    results = try_out(job, ROUNDS, go_on)
    if shown:
        sys.stderr.write("\r" + " " * 70 + "\r")
    return results


def page(timing: Timing, quorum_rule: str, token_check: str, results: Sequence[Result]) -> str:
    """Say what came of it, for people."""
    runs, tried = sum(one.runs for one in results), [one for one in results if one.runs]
    lines = [
        f"{runs} runs with the real election in virtual time: {REPLICAS} replicas, a unit of work takes {WORK_S:g}s, "
        "one trouble a run.",
        f"Reads: {quorum_rule}. Token check: {token_check}.",
        "",
        *columns([["TROUBLE", "FAILS OVER", "NO LEADER P50", "WORST", "DONE TWICE", "REFUSED"], *map(_row, tried)]),
        "",
        *_verdict(timing, quorum_rule, token_check, tried),
    ]
    return "\n".join(lines)


def _row(one: Result) -> list[str]:
    p50, worst = f"{median(one.gaps_s):.2f}s", f"{max(one.gaps_s):.2f}s"
    over = f"{one.failed_over} of {one.runs}"
    return [
        one.case.name,
        f"{over:>10}",
        f"{p50:>13}",
        f"{worst:>6}",
        f"{one.twice or '-':>10}",
        f"{one.refused or '-':>7}",
    ]


def _verdict(timing: Timing, quorum_rule: str, token_check: str, tried: Sequence[Result]) -> list[str]:
    plan, gaps_s = make_plan(timing), [gap_s for one in tried for gap_s in one.gaps_s]
    over, runs = sum(one.failed_over for one in tried), sum(one.runs for one in tried)
    twice, done = sum(one.twice for one in tried), sum(one.done for one in tried)
    worst = max(tried, key=lambda one: max(one.gaps_s))
    lines = [
        f"fails over  in {over} of {runs} runs; without a leader p50 {median(gaps_s):.2f}s, worst {max(gaps_s):.2f}s "
        f"({worst.case.name})",
        paint(f"done twice  {twice} of {done} units of work", RED if twice else GREEN),
    ]
    lines += [paint(f"broken      {text}", RED) for one in tried for text in one.broken]
    lines += ["", paint("What would break it", BOLD)]
    lines += [f"  {one.case.name}: {one.twice} units done twice in {one.runs} runs" for one in tried if one.twice]
    if quorum_rule == "cached":
        lines.append(
            "  A cached copy of the Lease has no end: who is cut off goes on believing. --quorum-rule quorum ends it."
        )
    if token_check == "none":
        lines.append(
            "  Who is stopped between its check and its write, writes on waking: only a guard refuses it. "
            "--token-check guard ends it."
        )
    lines += [
        f"  The term is lost by a pause of the leader over {plan.pause_s:.1f}s, or an outage of the API over "
        f"{plan.outage_s:.1f}s.",
        f"  Two can lead once two clocks' rates differ by over {plan.drift:.1%}; a guard refuses the older one.",
    ]
    return lines


def document(timing: Timing, quorum_rule: str, token_check: str, results: Sequence[Result]) -> str:
    """Say what came of it, for programs; lengths in seconds."""
    cases: list[Mapping[str, Any]] = [
        {
            "case": one.case.name,
            "promised": one.case.promised,
            "runs": one.runs,
            "failed_over": one.failed_over,
            "without_leader_p50_s": round(median(one.gaps_s), 3) if one.gaps_s else None,
            "without_leader_worst_s": round(max(one.gaps_s), 3) if one.gaps_s else None,
            "units_done": one.done,
            "units_done_twice": one.twice,
            "writes_refused": one.refused,
            "broken": one.broken,
        }
        for one in results
    ]
    return json.dumps(
        {"timing": asdict(timing), "quorum_rule": quorum_rule, "token_check": token_check, "cases": cases}, indent=2
    )
