"""Owns the judgement of logs: every promise that they can tell something of, each with what it was judged on.

log = read_logs([("payouts-0.log", lines)])
[violation.text for verdict in judge(log) for violation in verdict.violations]
"""

from leader_sidecar.history.guard import judge_marks, judge_order
from leader_sidecar.history.leadership import judge_one_leader, judge_token_order
from leader_sidecar.history.lines import Log
from leader_sidecar.history.processes import judge_one_token, judge_proof, judge_releases, judge_sight
from leader_sidecar.history.terms import lives_of
from leader_sidecar.history.verdicts import PROMISES, Verdict

_OF_ELECTIONS = {
    "I1": (judge_one_leader, "hand-overs"),
    "I2": (judge_token_order, "terms"),
    "I3": (judge_one_token, "lines"),
    "I4": (judge_proof, "proofs"),
    "I7": (judge_releases, "releases"),
    "I8": (judge_sight, "sights"),
}
_OF_GUARDS = {"I5": (judge_order, "writes"), "I6": (judge_marks, "writes, stamps and refusals")}


def judge(log: Log) -> list[Verdict]:
    """Judge what was read.

    Returns:
        One verdict for each of `PROMISES`, in their order.
    """
    verdicts = {
        promise: Verdict(promise, what) for promise, (_, what) in sorted({**_OF_ELECTIONS, **_OF_GUARDS}.items())
    }
    for lives in lives_of(log.lines).values():
        for promise, (judge_lives, _) in _OF_ELECTIONS.items():
            judge_lives(lives, verdicts[promise])
    for promise, (judge_lines, _) in _OF_GUARDS.items():
        judge_lines(log.lines, verdicts[promise])
    return [verdicts[promise] for promise in PROMISES]
