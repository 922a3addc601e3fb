"""Owns how logs are read: which lines tell something that can be judged, and where each of them stands.

A log comes as a sidecar or a guarded service wrote it, or as `kubectl logs` shows it: with `[pod/NAME/CONTAINER]` or a
timestamp before each line, several logs in one. What is no such line is counted and left out.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TOKEN = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line that tells something; what it does not tell is empty or 0.

    Args:
        place: where it stands, such as `payouts-0.log:17`.
        stream: whose log it is in: the file, and what `kubectl logs --prefix` wrote before the line.
        event: what happened.
        election, identity: who tells it, and of what.
        token: of the term, or of the write.
        uid, version: of the Lease as the process had seen it by then; for a release, as it left it.
        at_s, boot_id: when, on the boottime clock of this boot.
        valid_until_s: until when the term might answer true, on the same clock; None where it does not tell.
        leader: whom a `new_leader` names.
        verb, outcome: what a `request` was for, and what came of it.
        resource, what, high_water: what was written to, how, and the mark that refused it.
    """

    place: str
    stream: str
    event: str
    election: str = ""
    identity: str = ""
    token: int = 0
    uid: str = ""
    version: int = 0
    at_s: float = 0.0
    boot_id: str = ""
    valid_until_s: float | None = None
    leader: str = ""
    verb: str = ""
    outcome: str = ""
    resource: str = ""
    what: str = ""
    high_water: int = 0


@dataclass(slots=True)
class Log:
    """What was read.

    Args:
        lines: in the order in which they were read.
        not_json: how many lines are no JSON object.
        others: how many are one and tell nothing that can be judged.
        repeated: how many were read before, word for word.
        faults: one sentence for each line that should tell something and cannot be read.
    """

    lines: list[Line] = field(default_factory=list)
    not_json: int = 0
    others: int = 0
    repeated: int = 0
    faults: list[str] = field(default_factory=list)


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")

# The words of the log, what they are called here, and their types.
_FIELDS: Mapping[str, tuple[str, type]] = {
    **{name: (name, str) for name in ("election", "identity", "uid", "boot_id", "leader", "verb", "outcome")},
    **{name: (name, str) for name in ("resource", "what")},
    "token": ("token", int),
    "resourceVersion": ("version", int),
    "high_water": ("high_water", int),
    "boottime_s": ("at_s", float),
    "valid_until_s": ("valid_until_s", float),
}
_ELECTION = ("election", "identity", "boottime_s", "boot_id")
_PROOF = (*_ELECTION, "token", "uid", "resourceVersion")
# What an event has to tell to be judged.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "became_leader": _PROOF,
    "renewed": (*_PROOF, "valid_until_s"),
    "stopped_leading": (*_ELECTION, "token"),
    "released": _PROOF,
    "new_leader": (*_ELECTION, "leader"),
    "request": (*_ELECTION, "verb", "outcome"),
    "crashed": ("boottime_s", "boot_id"),
    "accepted": ("resource", "token"),
    "refused": ("resource",),
}


def read_logs(sources: Iterable[tuple[str, Iterable[str]]]) -> Log:
    """Read logs.

    Args:
        sources: for each, its name and its lines.
    """
    log, seen = Log(), set[str]()
    for name, lines in sources:
        for number, text in enumerate(lines, 1):
            if text.strip():
                _read_line(log, seen, name, number, text.strip())
    return log


def _read_line(log: Log, seen: set[str], name: str, number: int, text: str) -> None:
    before, brace, rest = text.partition("{")
    try:
        document = json.loads(brace + rest)
    except (ValueError, RecursionError):
        log.not_json += 1
        return
    event = document.get("event")
    # An app beside the sidecar may log events too: what names no identity and is none of ours is not ours.
    if not isinstance(event, str) or not (event in _REQUIRED or "identity" in document):
        log.others += 1
    elif brace + rest in seen:
        log.repeated += 1
    elif isinstance(told := _told(event, document), str):
        log.faults.append(f"{name}:{number}: {event}: {told}")
    else:
        if "boottime_s" in document:  # without an instant, the same words may well be said twice
            seen.add(brace + rest)
        who = " ".join(_TIMESTAMP.sub("", before).split())
        log.lines.append(Line(f"{name}:{number}", f"{name} {who}".rstrip(), event, **told))


def _told(event: str, document: Mapping[str, Any]) -> dict[str, Any] | str:
    """Take what is known of a line, or say what is wrong with it."""
    told: dict[str, Any] = {}
    for key, (name, kind) in _FIELDS.items():
        value = document.get(key)
        if value is None or (event, key) == ("refused", "token"):  # whatever was sent in the place of a token
            continue
        if kind is float and type(value) is int and abs(value) <= MAX_TOKEN:
            value = float(value)
        sound = type(value) is kind and (type(value) is not float or math.isfinite(value))
        if not sound or (kind is int and not 0 <= value <= 2**63) or (key == "token" and value > MAX_TOKEN):
            return f"{key} is {str(value)[:40]}"
        told[name] = value
    missing = [key for key in _REQUIRED.get(event, _ELECTION) if _FIELDS[key][0] not in told]
    return f"{' and '.join(missing)} not told" if missing else told
