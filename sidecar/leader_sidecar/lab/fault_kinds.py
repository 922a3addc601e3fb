"""Owns the list of faults: their names, groups and lengths. What each one does is in the `*_faults` files."""

from dataclasses import dataclass

_WRITES = ("read", "claim", "token", "renew", "release")


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What is known of a fault before it is drawn.

    Args:
        group: faults of one group often come together.
        longest_s: how long one lasts at most; 0 for one that only happens.
        kinds: requests that it may be limited to.
        from_start: it holds from the first instant on.
        once: at most one in a schedule.
        meaning: for the table, in one line.
    """

    group: str
    longest_s: float
    meaning: str
    kinds: tuple[str, ...] = ()
    from_start: bool = False
    once: bool = False


def _message(group: str, longest_s: float, meaning: str) -> FaultKind:
    return FaultKind(group, longest_s, meaning, _WRITES)


FAULT_KINDS: dict[str, FaultKind] = {
    "request_dropped": _message("network", 40, "a request is lost on its way"),
    "response_dropped": _message("network", 40, "an answer is lost on its way"),
    "request_delayed": _message("network", 40, "a request arrives up to 60 s late"),
    "response_delayed": _message("network", 40, "an answer arrives up to 60 s late"),
    "request_duplicated": _message("network", 60, "a request arrives once more, up to 60 s later"),
    "answer_told_twice": _message("network", 60, "an answer is told once more, up to 30 s later"),
    "request_resent": _message(
        "network", 60, "the transport sends a write again; the answer to the second one is told"
    ),
    "connection_reset": _message("network", 40, "the connection breaks before or after the write was applied"),
    "slow_network": _message("network", 60, "messages take up to 2 s"),
    "partition": FaultKind("partition", 60, "a pod and the API server cannot reach each other"),
    "partition_to_api": FaultKind("partition", 60, "requests are lost, watch events arrive"),
    "partition_from_api": FaultKind("partition", 60, "requests arrive, answers and watch events are lost"),
    "swizzled_heal": FaultKind("partition", 60, "several pods are cut off and come back one by one in another order"),
    "api_outage": FaultKind("partition", 60, "the API server refuses connections"),
    "http_409": _message("answers", 40, "a write is refused with 409 though nothing conflicts"),
    "http_429": _message("answers", 40, "429 with Retry-After up to 60 s"),
    "http_500_not_applied": _message("answers", 40, "500, and nothing was written"),
    "http_500_applied": _message("answers", 40, "500, and the write took effect"),
    "http_503_not_applied": _message("answers", 40, "503 with Retry-After, and nothing was written"),
    "http_503_applied": _message("answers", 40, "503, and the write took effect"),
    "http_401": _message("answers", 40, "401"),
    "http_403": _message("answers", 40, "403"),
    "http_404_of_proxy": _message("answers", 40, "404 that is not about this Lease"),
    "http_410": _message("answers", 40, "410 for a request"),
    "json_truncated": _message("answers", 40, "an answer that ends in the middle"),
    "json_foreign": _message("answers", 40, "an answer that is HTML, a list, or another Lease"),
    "put_unchanged": _message("answers", 30, "200 with the old version, as for a write that changes nothing"),
    "stale_read": _message("answers", 30, "a read is answered from an old cache"),
    "watch_silent": FaultKind("watch", 60, "the watch shows nothing, and does not break"),
    "watch_skipped": FaultKind("watch", 60, "single events are missing"),
    "watch_repeated": FaultKind("watch", 60, "old events are shown again"),
    "watch_delayed": FaultKind("watch", 60, "events come up to 60 s late"),
    "watch_bookmark": FaultKind("watch", 60, "a bookmark carries the watch past events that it never showed"),
    "watch_gone": FaultKind("watch", 0, "410: the watch starts afresh with the record as it is now"),
    "lease_deleted": FaultKind(
        "lease", 0, "somebody deletes the Lease; it comes back within 20 s, or candidates make it"
    ),
    "lease_made_again": FaultKind("lease", 0, "deleted and made again at once"),
    "lease_wiped": FaultKind("lease", 0, "somebody empties the spec, or the holder only"),
    "holder_edited": FaultKind("lease", 0, "somebody writes another holder"),
    "duration_shortened": FaultKind("lease", 0, "somebody shortens the record's duration"),
    "duration_lengthened": FaultKind("lease", 0, "somebody lengthens the record's duration", once=True),
    "token_edited": FaultKind("lease", 0, "somebody removes, garbles or lowers the token"),
    "token_raised": FaultKind("lease", 0, "somebody raises the token"),
    "foreign_fields_edited": FaultKind(
        "lease", 30, "labels, annotations, owners, unknown spec fields change again and again"
    ),
    "transitions_edited": FaultKind("lease", 0, "leaseTransitions is set back, or to 2^31-1"),
    "contender": FaultKind("lease", 50, "an elector like client-go stands too, and wipes the Lease when it goes"),
    "etcd_restore": FaultKind(
        "restore", 0, "etcd goes back up to 60 s; pods restart with a raised floor, or not", once=True
    ),
    "kill": FaultKind("process", 0, "the sidecar is killed and starts again in the same pod"),
    "gentle_stop": FaultKind("process", 0, "SIGTERM; then a new pod"),
    "pod_replaced": FaultKind("process", 0, "the pod vanishes; a new one with another uid comes"),
    "freeze": FaultKind("process", 60, "the sidecar's process is stopped 1-60 s"),
    "pod_frozen": FaultKind("process", 60, "sidecar and app are stopped 1-60 s"),
    "timers_late": FaultKind("process", 40, "the event loop handles timers up to 5 s late"),
    "timers_early": FaultKind("process", 40, "timers fire early and repeatedly"),
    "twin_same_pod": FaultKind("process", 60, "a second sidecar starts in the same pod"),
    "twin_same_name": FaultKind("process", 60, "a pod of the same name starts while the old one lives"),
    "resign": FaultKind("process", 0, "the app steps down, or is asked to, with or without a cooldown"),
    "unhealthy": FaultKind("process", 30, "the process cannot trust itself for a while"),
    "app_paused": FaultKind("app", 60, "the app stops between check and act, up to 60 s"),
    "app_write_delayed": FaultKind("app", 60, "a write to the guarded resource arrives up to 60 s late"),
    "app_write_repeated": FaultKind(
        "app", 60, "a write arrives twice, or its answer is lost and the app sends it again"
    ),
    "wall_offset": FaultKind("clock", 0, "wall time is off by up to 10 years from the start", from_start=True),
    "wall_step": FaultKind("clock", 0, "wall time steps by up to 10 years"),
    "wall_stuck": FaultKind("clock", 60, "wall time stands still"),
    "rates_within_drift": FaultKind(
        "clock", 0, "clocks run at the extreme rates that are promised for", from_start=True
    ),
    "rate_changes": FaultKind("clock", 60, "one clock's rate changes within the promise"),
    "rate_beyond_drift": FaultKind("clock", 0, "one clock runs at 0.5 to 2 times the rate", from_start=True, once=True),
    "suspend": FaultKind("clock", 60, "a machine is suspended 1-60 s; its boottime goes on"),
    "mixed_timings": FaultKind(
        "clock", 0, "some pods have other timings, as in an upgrade", from_start=True, once=True
    ),
}
"""Every fault by its name."""

GROUPS: dict[str, list[str]] = {}
for _name, _kind in FAULT_KINDS.items():
    GROUPS.setdefault(_kind.group, []).append(_name)
