"""Owns the fenced register: what a guarded resource is when operations come one at a time.

Its state is the high-water mark and the last entry. A write or a stamp is accepted where its token is not below the
mark, which it raises, and refused otherwise.

A guard that is no transaction (of an HTTP service, of a file) announces a new mark first: it shows it, and refuses
newcomers by it, while writes that it let in before come to their end. Its history has an "announce" beside each write
and stamp, of the same time; one that was refused may have announced, or not.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leader_sidecar.history.linearizability import MOST_STEPS, Operation, Outcome, Verdict, check

ACCEPTED = "accepted"
REFUSED = "refused"

State = tuple[int, int, str]
"""The announced mark, the mark below which nothing takes effect, and the last entry."""

EMPTY: State = (0, 0, "")

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked of a resource.

    Args:
        kind: "write" or "stamp", which are accepted or refused; "announce"; "read", which returns the last entry, ""
            for none; "status", which returns the mark.
        resource: of which one.
        token: of a write or a stamp.
        entry: what a write writes; no two write the same.
    """

    kind: str
    resource: str
    token: int = 0
    entry: str = ""


def step(state: State, operation: Operation) -> State | None:
    """Do one operation.

    Returns:
        The state after it; None where it cannot have had this result. One of unknown result is taken to be accepted:
        had it been refused, or never come, nothing would have happened.
    """
    announced, mark, last = state
    call, result = operation.call, operation.result
    if call.kind == "read":
        return state if result in (None, last) else None
    if call.kind == "status":
        return state if result in (None, announced) else None
    if result == REFUSED:
        return state if call.token < announced else None
    if call.kind == "announce":
        return (call.token, mark, last) if call.token >= announced else None
    if call.token < mark:
        return None
    return (max(announced, call.token), call.token, call.entry if call.kind == "write" else last)


def check_registers(history: Sequence[Operation], most_steps: int = MOST_STEPS) -> dict[str, Outcome]:
    """Check a history of several resources, each by itself: they have nothing to do with each other."""
    parts: dict[str, list[Operation]] = defaultdict(list)
    for one in history:
        parts[one.call.resource].append(one)
    return {resource: check(_lean(part), EMPTY, step, most_steps) for resource, part in parts.items()}


def _lean(history: Sequence[Operation]) -> list[Operation]:
    """Take away what explains nothing, of which nobody knows whether it happened: the search would try every subset.

    A write that nobody read can explain a raised mark alone, as a stamp does. What was called when the mark was known
    to be as high raises nothing. Of several that raise it to one token, the first explains whatever a later one does.
    """
    read = {one.result for one in history if one.call.kind == "read"}
    accepted = [one for one in history if one.result == ACCEPTED and one.call.kind in ("write", "stamp")]
    raised, kept = set[tuple[str, int]](), []
    for one in sorted(history, key=lambda one: one.called_s):
        if not one.known and one.call.kind == "write" and one.call.entry not in read:
            one = replace(one, call=replace(one.call, kind="stamp", entry=""))
        if not one.known and one.call.kind in ("stamp", "announce"):
            raising = (one.call.kind, one.call.token)
            mark = max((other.call.token for other in accepted if other.returned_s < one.called_s), default=0)
            if raising in raised or one.call.token <= mark:
                continue
            raised.add(raising)
        kept.append(one)
    return kept


def explain(outcome: Outcome) -> list[str]:
    """Tell people why a history is not linearizable, or that it is."""
    culprit = outcome.culprit
    if outcome.verdict is not Verdict.NOT_LINEARIZABLE or culprit is None:
        return [f"{outcome.verdict} after {outcome.steps} steps"]
    state = EMPTY
    for one in outcome.order:
        state = step(state, one) or state
    missing = [one for one in outcome.prefix if one.known and one not in outcome.order]
    return [
        f"not linearizable: of {len(outcome.prefix)} operations no order explains the return of",
        f"  {describe(culprit)}",
        f"the longest order leaves mark {state[1]} and entry {state[2]!r}, and ends with",
        *(f"  {describe(one)}" for one in outcome.order[-_SHOWN:]),
        "what it cannot place",
        *(f"  {describe(one)}" for one in missing[:_SHOWN]),
    ]


def describe(operation: Operation) -> str:
    """Tell one operation in a line."""
    call = operation.call
    asked = " ".join(str(part) for part in (call.kind, call.token or "", call.entry) if part)
    until = f"{operation.returned_s:.6f} s" if operation.known else "never known"
    came = "" if operation.result is None else f" -> {operation.result}"
    return f"{operation.who}: {asked}{came}, {operation.called_s:.6f} to {until}"
