"""Owns the faults of messages: what each does to a request, to its handling, to its answer, or to a watch event."""

from collections.abc import Callable
from typing import Any

from leader_sidecar.core.messages import Conflict, Found, Kind, Rejected, Unknown, Written
from leader_sidecar.lab.network import NEVER_S, ActiveFault, Link, Network, Request
from leader_sidecar.lab.schedule import QUIET_BY_S

_LONGEST_DELAY_S = 60.0


_LONGEST_WAIT_S = 5.0


def _hit(net: Network, active: ActiveFault, request: Request, late_s: float = 0.0) -> None:
    """Count a hit; the fault is over when its time is, its message has come, and a lost one's timeout too."""
    if late_s == NEVER_S:
        late_s = request.deadline_s - net.time.now_s if request.deadline_s < NEVER_S else 0.0
    until_s = max(net.time.now_s + late_s, active.until_s)
    net.monitor.struck(active.fault.kind, until_s, request.sender)


def _late_s(net: Network, active: ActiveFault, longest_s: float = _LONGEST_DELAY_S) -> float:
    """Draw a delay, short ones as likely as long ones, and none beyond the quiet end of the run."""
    most_s = min(longest_s * 10 ** (-3 * active.rng.random()), QUIET_BY_S - net.time.now_s)
    return max(most_s, 0.0)


# --- to a request on its way: the new delay ---------------------------------------------------------------------------


def _request_dropped(net: Network, active: ActiveFault, request: Request, link: Link, delay_s: float) -> float:
    if delay_s == NEVER_S:
        return delay_s
    _hit(net, active, request, NEVER_S)
    return NEVER_S


def _request_delayed(net: Network, active: ActiveFault, request: Request, link: Link, delay_s: float) -> float:
    if delay_s == NEVER_S:
        return delay_s
    late_s = _late_s(net, active)
    _hit(net, active, request, late_s)
    return delay_s + late_s


def _request_slow(net: Network, active: ActiveFault, request: Request, link: Link, delay_s: float) -> float:
    late_s = 2.0 * active.fault.size * active.rng.random()
    _hit(net, active, request, late_s)
    return delay_s + late_s


def _request_duplicated(net: Network, active: ActiveFault, request: Request, link: Link, delay_s: float) -> float:
    late_s = _late_s(net, active)
    if request.kind is not Kind.READ:  # a read that arrives twice changes nothing
        _hit(net, active, request, late_s)
        net.time.after(delay_s + late_s + net.leg_s(), _arrive_unasked, net, request)
    return delay_s


def _arrive_unasked(net: Network, request: Request) -> None:
    if not net.api.down:
        net.handle(request)


# --- to its handling: the outcome, None for: as if there were no fault ------------------------------------------------


def _unless_read(outcome: Callable[[], object]) -> Callable[[Network, ActiveFault, Request], object]:
    def refuse(net: Network, active: ActiveFault, request: Request) -> object:
        if request.kind is Kind.READ:
            return None
        _hit(net, active, request)
        return outcome()

    return refuse


def _instead(
    outcome: Callable[[ActiveFault], object], applied: bool
) -> Callable[[Network, ActiveFault, Request], object]:
    def replace(net: Network, active: ActiveFault, request: Request) -> object:
        told = outcome(active)
        # Who is asked to wait waits, though not for longer than a renew interval.
        _hit(net, active, request, min(getattr(told, "retry_after_s", 0.0), _LONGEST_WAIT_S))
        if applied:
            net.handle(request)
        return told

    return replace


def _retry_after(code: int) -> Callable[[ActiveFault], Unknown]:
    return lambda active: Unknown(f"{code}", float(int(60 * active.fault.size * active.rng.random())))


def _resent(net: Network, active: ActiveFault, request: Request) -> object:
    if request.kind is Kind.READ:
        return None
    _hit(net, active, request)
    net.handle(request)
    return net.handle(request)


def _reset(net: Network, active: ActiveFault, request: Request) -> object:
    _hit(net, active, request)
    if active.rng.random() < 0.5:
        net.handle(request)
    return Unknown("connection reset")


def _unreadable(net: Network, active: ActiveFault, request: Request) -> object:
    """An answer that cannot be read is a refusal to a read and nothing at all to a write, as kube/leases.py has it."""
    _hit(net, active, request)
    net.handle(request)
    return Rejected(200, "not a Lease") if request.kind is Kind.READ else Unknown("200, but not a Lease")


def _unchanged(net: Network, active: ActiveFault, request: Request) -> object:
    current = net.api.record
    if request.kind in (Kind.READ, Kind.CREATE) or current is None:
        return None
    if request.body["metadata"].get("resourceVersion") != str(current.version):
        return None
    _hit(net, active, request)
    return Written(current)


def _stale(net: Network, active: ActiveFault, request: Request) -> object:
    history = net.api.history
    if request.kind is not Kind.READ or len(history) < 2:
        return None
    old = history[max(0, len(history) - 1 - int(1 + 8 * active.fault.size * active.rng.random()))]
    if old is net.api.record:
        return None
    _hit(net, active, request)
    return Found(old)


# --- to an answer on its way: the new delay and outcome ---------------------------------------------------------------


def _answer_dropped(
    net: Network, active: ActiveFault, request: Request, delay_s: float, outcome: object
) -> tuple[float, object]:
    _hit(net, active, request, NEVER_S)
    return NEVER_S, outcome


def _answer_delayed(
    net: Network, active: ActiveFault, request: Request, delay_s: float, outcome: object
) -> tuple[float, object]:
    late_s = _late_s(net, active)
    _hit(net, active, request, late_s)
    return delay_s + late_s, outcome


def _answer_slow(
    net: Network, active: ActiveFault, request: Request, delay_s: float, outcome: object
) -> tuple[float, object]:
    late_s = 2.0 * active.fault.size * active.rng.random()
    _hit(net, active, request, late_s)
    return delay_s + late_s, outcome


def _answer_twice(
    net: Network, active: ActiveFault, request: Request, delay_s: float, outcome: object
) -> tuple[float, object]:
    late_s = _late_s(net, active, 30.0)
    _hit(net, active, request, delay_s + late_s)
    net.time.after(delay_s + late_s + 1e-4, request.sender.told_again, request, outcome)
    return delay_s, outcome


ON_REQUEST: dict[str, Any] = {
    "request_dropped": _request_dropped,
    "request_delayed": _request_delayed,
    "request_duplicated": _request_duplicated,
    "slow_network": _request_slow,
    "partition": _request_dropped,
    "partition_to_api": _request_dropped,
    "swizzled_heal": _request_dropped,
}
ON_SERVER: dict[str, Any] = {
    "request_resent": _resent,
    "connection_reset": _reset,
    "http_409": _unless_read(lambda: Conflict("")),
    "http_429": _instead(_retry_after(429), applied=False),
    "http_500_not_applied": _instead(lambda active: Unknown("500"), applied=False),
    "http_500_applied": _instead(lambda active: Unknown("500"), applied=True),
    "http_503_not_applied": _instead(_retry_after(503), applied=False),
    "http_503_applied": _instead(_retry_after(503), applied=True),
    "http_401": _instead(lambda active: Rejected(401, "401"), applied=False),
    "http_403": _instead(lambda active: Rejected(403, "403"), applied=False),
    "http_404_of_proxy": _instead(lambda active: Rejected(404, "404"), applied=False),
    "http_410": _instead(lambda active: Rejected(410, "410"), applied=False),
    "json_truncated": _unreadable,
    "json_foreign": _unreadable,
    "put_unchanged": _unchanged,
    "stale_read": _stale,
}
ON_ANSWER: dict[str, Any] = {
    "response_dropped": _answer_dropped,
    "response_delayed": _answer_delayed,
    "answer_told_twice": _answer_twice,
    "slow_network": _answer_slow,
    "partition": _answer_dropped,
    "partition_from_api": _answer_dropped,
    "swizzled_heal": _answer_dropped,
}
