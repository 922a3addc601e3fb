"""Owns the closed vocabulary between the core and the world: outcomes, events in, effects out.

Events are facts with their time. Effects are data; who carries them out decides nothing. An instant `_at_s` is seconds
on the local boottime clock; `wall_us` is microseconds since 1970, written into records and shown, never compared.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leader_sidecar.core.record import Record


class Kind(enum.StrEnum):
    """What a request is for."""

    READ = "read"
    CREATE = "create"
    CLAIM = "claim"
    TOKEN = "token"
    RENEW = "renew"
    RELEASE = "release"


# --- outcomes: what one request came to -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A read was answered with this record."""

    record: Record


@dataclass(frozen=True, slots=True)
class Written:
    """A write was acknowledged with this record (which may be an unchanged one, and then acknowledges nothing)."""

    record: Record


@dataclass(frozen=True, slots=True)
class Conflict:
    """The write's precondition failed: 409."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such Lease: 404 for this Lease, from the API server itself."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The API refuses the request as it stands, or answered a read with what is no Lease: then `status` is 200."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither yes nor no: timeout, reset, 429, 5xx, or an acknowledgement that cannot be read.

    Args:
        message: for people.
        retry_after_s: how long the server asked to be left alone, 0 for not said.
    """

    message: str
    retry_after_s: float = 0.0


ReadOutcome = Found | Absent | Rejected | Unknown
WriteOutcome = Written | Conflict | Absent | Rejected | Unknown


# --- events: what happened, and when ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact and the instant at which it was handled, on both clocks."""

    at_s: float
    wall_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The process stands for election from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """The instant of the last `SetTimer` has come; early, late and repeated firing is harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDone(Event):
    """The read with this number ended."""

    number: int
    outcome: ReadOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDone(Event):
    """The write with this number ended."""

    number: int
    outcome: WriteOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNotified(Event):
    """The watch showed this record; `deleted` when it was the last one of its uid. A hint, never a proof."""

    record: Record
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBegan(Event):
    """The watch began afresh: it shows what is there from now on, and not what it missed, such as a deletion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged(Event):
    """The process can, or can no longer, trust itself: clock trouble, a blocked loop."""

    healthy: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResignRequested(Event):
    """The app asks to stop leading.

    Args:
        cooldown_s: stay out at least this long; 0 for until somebody else led or D has passed.
        app_at_work: the app may still act on its last answer, so the Lease is kept until that has run out.
    """

    cooldown_s: float = 0.0
    app_at_work: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested(Event):
    """The process is asked to end; `app_at_work` as in `ResignRequested`."""

    app_at_work: bool = False


# --- effects: what is to be done --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """GET the Lease at the quorum (no resourceVersion); report `ReadDone` with this number within `timeout_s`."""

    number: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Write:
    """PUT this body (POST it when `kind` is CREATE), once; report `WriteDone` with this number within `timeout_s`."""

    number: int
    kind: Kind
    body: Mapping[str, Any] = field(repr=False)
    timeout_s: float


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Report `TimerFired` at this instant; replaces the timer set before."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Lead:
    """A term has begun: whoever waits for leadership may look again."""

    token: int


@dataclass(frozen=True, slots=True)
class StopLeading:
    """The term is over: every answer is false from now on."""

    token: int
    reason: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell people, once, in the log; `event` is one of the documented words, `detail` its fields."""

    event: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The election has ended after a `StopRequested`; nothing more will come."""


Effect = Read | Write | SetTimer | Lead | StopLeading | Announce | Finished
