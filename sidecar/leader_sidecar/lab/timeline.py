"""Owns the story of one run as people read it: who did what, when, on whose clock."""

from typing import TYPE_CHECKING

from leader_sidecar.core.messages import (
    Announce,
    Effect,
    Event,
    Found,
    Lead,
    Read,
    ReadDone,
    RecordNotified,
    StopLeading,
    TimerFired,
    Unknown,
    Write,
    WriteDone,
    Written,
)
from leader_sidecar.core.record import Record

if TYPE_CHECKING:
    from leader_sidecar.lab.candidate import Candidate
    from leader_sidecar.lab.network import Request
    from leader_sidecar.lab.schedule import Fault
    from leader_sidecar.lab.world import World


class Timeline:
    """Collect lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.world: World | None = None

    def watch(self, world: "World") -> None:
        """Tell of this world from now on."""
        self.world = world

    def note(self, text: str, who: str = "") -> None:
        """Add a line at this instant."""
        now_s = self.world.time.now_s if self.world is not None else 0.0
        self.lines.append(f"{now_s:9.3f}  {who:<14} {text}")

    def begins(self, fault: "Fault", whom: str) -> None:
        """Tell that a fault is on from now on.

        Args:
            whom: the pod that it is for, "" for more than one.
        """
        length = f" for {fault.for_s:g} s" if fault.for_s else ""
        self.note(f"begins: {fault.kind}{length}" + (f", {fault.only} only" if fault.only else ""), whom)

    def struck(self, kind: str, process: "Candidate | None") -> None:
        """Tell that a fault changed a message, of this process or of nobody's, or the state."""
        self.note(f"fault {kind}" + (f" strikes {process.name}" if process is not None else ""))

    def broken(self, check: str, text: str) -> None:
        """Tell that a promise was broken."""
        self.note(f"VIOLATION {check}: {text}")

    def event(self, process: "Candidate", event: Event) -> None:
        """Tell what a process is about to handle."""
        if not isinstance(event, TimerFired):
            self.note("<- " + _event(event), process.name)

    def effect(self, process: "Candidate", effect: Effect) -> None:
        """Tell what a process does."""
        text = _effect(effect)
        if text:
            self.note("-> " + text, process.name)

    def life(self, process: "Candidate", what: str) -> None:
        """Tell that a process starts, freezes, wakes, ends or dies."""
        self.note(what, process.name)

    def refused(self, item: int, token: int, highest: int) -> None:
        """Tell that the guard refused a write."""
        self.note(f"refuses token {token} of item {item}, whose highest is {highest}", "guard")

    def applied(self, request: "Request", record: Record | None) -> None:
        """Tell that a write took effect."""
        self.note(f"{request.kind} takes effect: {_record(record)}", "API server")


def _event(event: Event) -> str:
    if isinstance(event, ReadDone | WriteDone):
        outcome = event.outcome
        if isinstance(outcome, Found | Written):
            return f"{type(outcome).__name__} {_record(outcome.record)}"
        detail = f" ({outcome.message})" if isinstance(outcome, Unknown) and outcome.message else ""
        return type(outcome).__name__ + detail
    if isinstance(event, RecordNotified):
        return f"watch shows {_record(event.record)}" + (", deleted" if event.deleted else "")
    facts = {
        name: value
        for name in ("healthy", "cooldown_s", "app_at_work")
        if (value := getattr(event, name, None)) is not None
    }
    return type(event).__name__ + (f" {facts}" if facts else "")


def _effect(effect: Effect) -> str:
    match effect:
        case Read():
            return f"read, {effect.timeout_s:.2f} s"
        case Write():
            return (
                f"{effect.kind} on version {effect.body['metadata'].get('resourceVersion')}, {effect.timeout_s:.2f} s"
            )
        case Lead():
            return f"LEADS with token {effect.token}"
        case StopLeading():
            return f"STOPS leading with token {effect.token}: {effect.reason}"
        case Announce(event="regression" | "barred" | "released"):
            return f"{effect.event} {dict(effect.detail)}"
    return ""


def _record(record: Record | None) -> str:
    if record is None:
        return "no Lease"
    holder = record.holder.split("_")[0] + "." + record.holder[-2:] if "_" in record.holder else record.holder
    mark = " released" if record.released else ""
    return f"v{record.version} {holder or 'nobody'} token {record.token}{mark}"
