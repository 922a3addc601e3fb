"""Owns the language of the golden conversations: a command to one candidate, then everything it does and answers.

A file is a first comment line that says what it shows, then blocks: a command, `----`, what came of it, an empty line.

    candidate [pod=payouts-0] [create] [sole] [floor=N]      who stands; "me" is its identity in what follows
    started | healthy | unhealthy REASON | resign [cooldown=30s] [app-at-work] | stop [app-at-work]
    tick [+5s]          time passes, to the timer's instant where none is given, and the timer fires
    wait +5s            time passes and nothing is handled: a blocked loop
    clock -3s | wall -1h                                     the boottime clock, or the wall clock, jumps
    edit FIELDS         somebody writes the Lease; FIELDS as rv=7 uid=b holder=x duration=15 renew=T acquire=T
                        transitions=3 token=41 released=41 label=x; "-" removes one
    read found [FIELDS] | read absent | read unknown | read rejected STATUS TEXT
    write ok | write lost | write unknown | write conflict | write absent | write rejected STATUS TEXT
                        lost: applied, but the answer never came; unknown: neither
    write applied       applied, and its answer is on its way; `write told` is its arrival
    notify [FIELDS] | notify deleted                         the watch shows the Lease
    watching                                                 the watch began afresh
"""

import copy
import shlex
from dataclasses import fields
from typing import Any

from leader_sidecar.core import messages as m
from leader_sidecar.core.elector import new_state, step
from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION, Record, parse_record
from leader_sidecar.core.state import Config, Phase, State
from leader_sidecar.core.status import answer

WALL_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
_SPEC = {
    "holder": "holderIdentity",
    "duration": "leaseDurationSeconds",
    "renew": "renewTime",
    "acquire": "acquireTime",
    "transitions": "leaseTransitions",
}
_ANNOTATIONS = {"token": TOKEN_ANNOTATION, "released": RELEASED_ANNOTATION}


def lease(**given: Any) -> dict[str, Any]:
    """Make a Lease object from the FIELDS of the language."""
    return edited({"metadata": {"namespace": "default", "name": "payouts", "uid": "a"}, "spec": {}}, given)


def edited(body: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Write FIELDS into a copy of a Lease object."""
    body = copy.deepcopy(body)
    metadata, spec = body["metadata"], body["spec"]
    for name, value in given.items():
        if name in _SPEC:
            spec[_SPEC[name]] = int(value) if name in ("duration", "transitions") and value != "-" else value
        elif name in _ANNOTATIONS:
            metadata.setdefault("annotations", {})[_ANNOTATIONS[name]] = str(value)
        elif name == "label":
            metadata["labels"] = {"by": value}
        else:
            metadata[{"rv": "resourceVersion", "uid": "uid"}[name]] = str(value)
    for part in (spec, metadata.get("annotations", {})):
        for key in [key for key, value in part.items() if value == "-"]:
            del part[key]
    return body


def record(**given: Any) -> Record:
    """Parse the Lease with these FIELDS."""
    parsed = parse_record(lease(**given))
    assert isinstance(parsed, Record), parsed
    return parsed


class Play:
    """One candidate, the Lease as the API has it, and the two clocks."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.body = lease(rv=1)
        self.now_s = 0.0
        self.wall_us = WALL_US
        self.asked: m.Read | m.Write | None = None
        self.applied: Record | None = None
        self.transitions: set[tuple[Phase, Phase]] = set()

    def run(self, command: str) -> str:
        """Carry out one command.

        Returns:
            What came of it, one line each.
        """
        verb, *words = shlex.split(command)
        given = dict(word.split("=", 1) for word in words if "=" in word)
        flags = [word for word in words if "=" not in word]
        given = {key: value.replace("me", self._identity) if value == "me" else value for key, value in given.items()}
        if verb == "candidate":
            return self._candidate(given, flags)
        if verb == "edit":
            self.body = edited(self.body, given)
            return "ok"
        if command == "write applied":
            self._apply(given)
            return "ok"
        if verb in ("wait", "clock", "wall"):
            self._pass(_seconds(words[0]), wall_only=verb == "wall", boot_only=verb == "clock")
            return self._answer()
        return self._feed(*getattr(self, f"_on_{verb}")(given, flags))

    @property
    def _identity(self) -> str:
        return self.state.config.identity if self.state else "me"

    def _candidate(self, given: dict[str, str], flags: list[str]) -> str:
        config = Config(
            namespace="default",
            name="payouts",
            pod_name=given.get("pod", "payouts-0"),
            pod_uid="u0",
            nonce="0123456789abcdef",
            token_floor=int(given.get("floor", 0)),
            create_lease="create" in flags,
            sole_in_pod="sole" in flags,
        )
        self.state = new_state(config)
        return f"me = {config.identity}"

    def _pass(self, seconds: float, *, wall_only: bool = False, boot_only: bool = False) -> None:
        self.now_s += 0.0 if wall_only else seconds
        self.wall_us += 0 if boot_only else round(seconds * 1e6)

    def _on_started(self, given: dict[str, str], flags: list[str]) -> Any:
        return (m.Started,)

    def _on_tick(self, given: dict[str, str], flags: list[str]) -> Any:
        assert self.state is not None
        self._pass(_seconds(flags[0]) if flags else max(self.state.timer_at_s - self.now_s, 0.0))
        return (m.TimerFired,)

    def _on_healthy(self, given: dict[str, str], flags: list[str]) -> Any:
        return m.HealthChanged, {"healthy": True}

    def _on_unhealthy(self, given: dict[str, str], flags: list[str]) -> Any:
        return m.HealthChanged, {"healthy": False, "reason": " ".join(flags)}

    def _on_resign(self, given: dict[str, str], flags: list[str]) -> Any:
        cooldown_s = _seconds(given.get("cooldown", "0s"))
        return m.ResignRequested, {"cooldown_s": cooldown_s, "app_at_work": "app-at-work" in flags}

    def _on_stop(self, given: dict[str, str], flags: list[str]) -> Any:
        return m.StopRequested, {"app_at_work": "app-at-work" in flags}

    def _on_notify(self, given: dict[str, str], flags: list[str]) -> Any:
        self.body = edited(self.body, given)
        return m.RecordNotified, {"record": self._parsed(), "deleted": "deleted" in flags}

    def _on_watching(self, given: dict[str, str], flags: list[str]) -> Any:
        return m.WatchBegan, {}

    def _on_read(self, given: dict[str, str], flags: list[str]) -> Any:
        assert isinstance(self.asked, m.Read), f"not reading but {self.asked}"
        number, self.asked, self.body = self.asked.number, None, edited(self.body, given)
        outcome = m.Found(self._parsed()) if flags[0] == "found" else _outcome(flags)
        return m.ReadDone, {"number": number, "outcome": outcome}

    def _on_write(self, given: dict[str, str], flags: list[str]) -> Any:
        asked, outcome = self.asked, flags[0]
        assert isinstance(asked, m.Write), f"not writing but {asked}"
        if outcome in ("ok", "lost"):
            self._apply(given)
        self.asked = None
        told: Any = m.Written(self.applied) if outcome in ("ok", "told") and self.applied else _outcome(flags)
        return m.WriteDone, {"number": asked.number, "outcome": told}

    def _apply(self, given: dict[str, str]) -> None:
        assert isinstance(self.asked, m.Write), f"not writing but {self.asked}"
        version, uid = int(self.body["metadata"]["resourceVersion"]) + 1, self.body["metadata"]["uid"]
        self.body = edited(dict(self.asked.body), {"rv": version, "uid": uid, **given})
        self.applied = self._parsed()

    def _parsed(self) -> Record:
        parsed = parse_record(self.body)
        assert isinstance(parsed, Record), parsed
        return parsed

    def _feed(self, event: type[m.Event], detail: dict[str, Any] | None = None) -> str:
        assert self.state is not None, "begin with: candidate"
        before = self.state.phase
        made = event(at_s=self.now_s, wall_us=self.wall_us, **(detail or {}))
        self.state, effects = step(self.state, made)
        if self.state.phase is not before:
            self.transitions.add((before, self.state.phase))
        for effect in effects:
            if isinstance(effect, m.Read | m.Write):
                self.asked = effect
        return "\n".join([*(self._line(effect) for effect in effects), self._answer()])

    def _line(self, effect: m.Effect) -> str:
        match effect:
            case m.Write():
                return f"{effect.kind} #{effect.number} within {effect.timeout_s:.3g}s: {self._shown(effect.body)}"
            case m.Announce():
                told = " ".join(f"{key}={_short(str(value))}" for key, value in effect.detail.items())
                return f"log {effect.event} {told}".strip().replace(self._identity, "me")
        values = {f.name: getattr(effect, f.name) for f in fields(effect)}
        match effect:
            case m.Read():
                return f"read #{effect.number} within {effect.timeout_s:.3g}s"
            case m.SetTimer():
                return f"timer at {effect.at_s:.3f}s"
        shown = " ".join(f"{key}={_short(str(value))}" for key, value in values.items())
        return f"{type(effect).__name__} {shown}".strip().replace(self._identity, "me")

    def _shown(self, body: Any) -> str:
        metadata, spec = body["metadata"], body["spec"]
        annotations = metadata.get("annotations", {})
        shown = {"rv": metadata.get("resourceVersion", "none")}
        shown |= {name: spec[key] for name, key in _SPEC.items() if key in spec and name not in ("renew", "acquire")}
        shown |= {name: annotations[key] for name, key in _ANNOTATIONS.items() if key in annotations}
        return " ".join(f"{key}={_short(str(value))}" for key, value in shown.items()).replace(self._identity, "me")

    def _answer(self) -> str:
        assert self.state is not None, "begin with: candidate"
        now = answer(self.state, self.now_s)
        says = f"leads token={now.token} valid={now.valid_for_s:.3f}s" if now.is_leader else "does not lead"
        leader = f"{now.leader.name} token={now.leader.token}" if now.leader else "nobody"
        return f"= {self.now_s:.3f}s {self.state.phase}; {says}; leader {leader}; index {now.index}"


def _seconds(text: str) -> float:
    unit = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    number = text.rstrip("msh")
    return float(number) * unit[text[len(number) :]]


def _short(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text


def _outcome(flags: list[str]) -> Any:
    if flags[0] == "rejected":
        return m.Rejected(int(flags[1]), " ".join(flags[2:]))
    outcomes = {"absent": m.Absent(), "conflict": m.Conflict(), "lost": m.Unknown("timeout")}
    return outcomes.get(flags[0], m.Unknown("timeout"))
