"""Owns the command `plan`: says what a choice of timings costs and tolerates, and what makes an unsound one sound."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, fields

from leader_sidecar.cli.parsing import Parser, duration, tell_faults
from leader_sidecar.cli.terminal import GREEN, RED, paint
from leader_sidecar.core.plan import DEFAULT_ROUND_TRIP_S, Plan, is_countable, make_plan, sound_neighbours
from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime.durations import format_duration
from leader_sidecar.runtime.setting_sources import Given, add_flags, gather, unknown_arguments
from leader_sidecar.runtime.setting_table import TIMING_SETTINGS
from leader_sidecar.runtime.settings import read_timing, read_values


def parser() -> Parser:
    """Make the parser of `plan`."""
    made = Parser(
        "plan",
        "Say what a choice of timings costs and tolerates; exit 1 when two leaders could overlap, it would not work, "
        "or a simulated job was done twice.",
        epilog="The settings' environment variables count here too.",
    )
    made.add_argument(
        "--round-trip",
        type=duration,
        default=DEFAULT_ROUND_TRIP_S,
        metavar="DURATION",
        help="one request to the API server and its answer (default 10ms)",
    )
    made.add_argument("--json", action="store_true", help="print one JSON document, lengths in seconds")
    made.add_argument(
        "--simulate",
        action="store_true",
        help="try a job of yours under trouble, in virtual time; on a terminal it asks for what no flag says",
    )
    made.add_argument(
        "--quorum-rule", choices=("quorum", "cached"), help="how the job knows that it leads (default quorum)"
    )
    made.add_argument(
        "--token-check", choices=("guard", "none"), help="whether what it writes to compares tokens (default guard)"
    )
    add_flags(made, TIMING_SETTINGS)
    return made


def main(argv: Sequence[str]) -> int:
    """Print the plan."""
    made = parser()
    flags, extras = made.parse_known_args(list(argv))
    given = gather(vars(flags), os.environ, settings=TIMING_SETTINGS)
    values, faults = read_values(given)
    faults = unknown_arguments(made, extras) + faults
    if not flags.simulate:
        names = ("quorum-rule", "token-check")
        faults += [f"--{name} goes with --simulate" for name in names if getattr(flags, name.replace("-", "_"))]
    timing = read_timing(values)
    if faults or timing is None:
        return tell_faults(made.prog, faults)
    if flags.simulate:
        return _simulate(flags, given)
    plan = make_plan(timing, flags.round_trip) if is_countable(timing) else None
    print(_document(timing, plan, flags.round_trip) if flags.json else _page(timing, plan, flags.round_trip))
    return 1 if timing.faults() else 0


def _simulate(flags: argparse.Namespace, given: Sequence[Given]) -> int:
    """Ask, try, and tell; exit 1 also when work was done twice."""
    from leader_sidecar.cli import plan_simulation as simulation

    given, quorum_rule, token_check = simulation.ask(given, flags.quorum_rule, flags.token_check)
    timing = read_timing(read_values(given)[0])
    assert timing is not None
    timing = simulation.fitted(timing, given)
    if timing.faults():
        print(_page(timing, None, flags.round_trip))
        return 1
    results = simulation.simulate(timing, quorum_rule, token_check)
    if flags.json:
        print(simulation.document(timing, quorum_rule, token_check, results))
    else:
        print("timings    " + "  ".join(_flags(timing)) + "\n")
        print(simulation.page(timing, quorum_rule, token_check, results))
    return 1 if any(one.twice or one.broken for one in results) else 0


def _page(timing: Timing, plan: Plan | None, round_trip_s: float) -> str:
    lines = ["timings    " + "  ".join(_flags(timing)), ""]
    for fault in timing.faults():
        lines.append(f"{paint('unsound', RED)}    {fault}")
    if plan is not None and plan.slack_s > 0:
        lines.append(f"{paint('one leader', GREEN)} holds: {_lemma(timing)}")
    suggestions = [f"  leader-sidecar plan {' '.join(_changes(timing, one))}" for one in sound_neighbours(timing)]
    if suggestions:
        lines += ["", "sound would be", *suggestions]
    if plan is not None:
        lines += ["", *_figures(timing, plan), "", *_assumptions(plan, round_trip_s)]
    return "\n".join(lines)


def _lemma(timing: Timing) -> str:
    d, r, m, rho = timing.lease_duration_s, timing.renew_deadline_s, timing.stop_margin_s, timing.max_drift
    return (
        f"(R {r:g}s + M {m:g}s) x (1 + {rho:g}) = {(r + m) * (1 + rho):.3g}s < D {d:g}s, {timing.slack_s:.3g}s to spare"
    )


def _figures(timing: Timing, plan: Plan) -> list[str]:
    d, r, rho = timing.lease_duration_s, timing.renew_deadline_s, timing.max_drift
    interval, retry = timing.renew_interval_s, timing.retry_period_s
    rows = [
        ("WHEN THE LEADER ENDS", "", ""),
        ("crash, at worst", f"{plan.failover_worst_s:.2f}s", f"D {d:g}s x (1 + {rho:g}) + 4 round trips"),
        ("crash, typically", f"{plan.failover_typical_s:.2f}s", f"D {d:g}s - half a renew interval + 4 round trips"),
        ("gentle end", f"{plan.handover_s:.2f}s", "release, event, claim, token: 4 round trips"),
        ("", "", ""),
        ("TOLERATED WITHOUT LOSING THE TERM", "", ""),
        ("pause of the leader", f"{plan.pause_s:.2f}s", f"R {r:g}s - renew interval {interval:g}s - one attempt"),
        ("API outage", f"{plan.outage_s:.2f}s", f"that - retry period {retry:g}s - a round trip"),
        ("", "", ""),
        ("TOLERATED WITHOUT TWO LEADERS", "", ""),
        ("drift of two clocks", f"{plan.drift:.1%}", f"below D / (R + M) - 1; set is {rho:.1%}"),
        ("pause of the app", f"{plan.app_pause_s:.2f}s", "D / (1 + drift) - R, after its last answer ran out"),
        ("", "", ""),
        ("REQUESTS PER MINUTE AT THE API", "", ""),
        ("leader", f"{plan.leader_requests_per_min:.1f}", f"a renewal every {interval:g}s, and the watch opened anew"),
        ("idle follower", f"{plan.follower_requests_per_min:.1f}", "the watch opened anew"),
        (
            "while the API fails",
            f"{plan.outage_requests_per_min:.1f}",
            f"an attempt every {retry:g}s, where each fails at once",
        ),
    ]
    return [name if not figure else f"  {name:<22}{figure:>8}   {why}".rstrip() for name, figure, why in rows]


def _assumptions(plan: Plan, round_trip_s: float) -> list[str]:
    trip = format_duration(round_trip_s)
    lines = [
        f"Assumed: a request to the API with its answer, or an event from it, takes {trip} (--round-trip).",
        "At worst the crash comes just after a renewal was sent; the follower waits D from its receipt.",
        f"A follower whose watch is silently broken may need {plan.failover_blind_s:.2f}s.",
    ]
    if plan.slack_s > 0:
        lines.append("Longer pauses of the leader and outages end the term in time; they never make two leaders.")
    return lines


def _flags(timing: Timing) -> list[str]:
    values = {
        "lease-duration": format_duration(timing.lease_duration_s),
        "renew-deadline": format_duration(timing.renew_deadline_s),
        "renew-interval": format_duration(timing.renew_interval_s),
        "retry-period": format_duration(timing.retry_period_s),
        "stop-margin": format_duration(timing.stop_margin_s),
        "max-drift": f"{timing.max_drift:g}",
    }
    return [f"--{name} {value}" for name, value in values.items()]


def _changes(timing: Timing, sound: Timing) -> list[str]:
    """The flags that give the sound timing, without those that were and stay the defaults."""
    forms = zip(_flags(sound), _flags(timing), _flags(Timing()), strict=True)
    return [flag for flag, given, default in forms if not flag == given == default]


def _document(timing: Timing, plan: Plan | None, round_trip_s: float) -> str:
    return json.dumps(
        {
            "timing": {field.name: getattr(timing, field.name) for field in fields(timing)},
            "round_trip_s": round_trip_s,
            "faults": timing.faults(),
            "suggestions": [" ".join(_changes(timing, one)) for one in sound_neighbours(timing)],
            "plan": {name: round(value, 6) for name, value in asdict(plan).items()} if plan else None,
        },
        indent=2,
    )
