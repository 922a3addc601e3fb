"""Owns what one candidate knows: its configuration, what it observed, its attempts, its grant and its wishes.

Leadership is a value with an expiry (`Grant.valid_until_s`), never a stored boolean.
"""

import enum
from dataclasses import dataclass, field

from leader_sidecar.core.messages import Kind
from leader_sidecar.core.record import Record
from leader_sidecar.core.timing import Timing


@dataclass(frozen=True, slots=True)
class Config:
    """What stays the same while the process lives.

    Args:
        namespace, name: the Lease.
        pod_name: who people see; the first part of the identity.
        pod_uid: the downward API's, "" where it is not given.
        nonce: new for every process and election.
        timing: the lengths of time; must have no faults.
        token_floor: added to every resourceVersion before it becomes a token; raised after an etcd restore.
        create_lease: create the Lease, unheld, where it is absent.
        sole_in_pod: this process holds the pod's socket, so an earlier process of this pod uid is proved dead.
        first_index: where the index of answers starts; another for each process: no long poll waits on an old one.
    """

    namespace: str
    name: str
    pod_name: str
    pod_uid: str
    nonce: str
    timing: Timing = field(default_factory=Timing)
    token_floor: int = 0
    create_lease: bool = False
    sole_in_pod: bool = False
    first_index: int = 1
    identity: str = field(init=False)
    pod_prefix: str = field(init=False)

    def __post_init__(self) -> None:
        prefix = f"{self.pod_name}_{self.pod_uid}_"
        object.__setattr__(self, "pod_prefix", prefix if self.pod_uid else "")
        object.__setattr__(self, "identity", prefix + self.nonce)

    @property
    def election(self) -> str:
        """The election's full name, `namespace/name`."""
        return f"{self.namespace}/{self.name}"


class Phase(enum.StrEnum):
    """Where a candidate stands, derived from its state; the transitions are listed in `elector.TRANSITIONS`."""

    FOLLOWING = "following"
    CLAIMING = "claiming"
    LEADING = "leading"
    COOLING = "cooling"
    SUSPICIOUS = "suspicious"
    UNHEALTHY = "unhealthy"
    BARRED = "barred"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of ours.

    Args:
        number: unique in this process.
        kind: what it is for.
        sent_at_s: when it was decided, which is before it was sent.
        give_up_at_s: when the core stops waiting for its answer.
        newest_version: the highest resourceVersion accepted before it was sent.
        uid, base, renew_time, token: of a write: the object it replaces, that object's version, and what tells this
            write from every other.
    """

    number: int
    kind: Kind
    sent_at_s: float
    give_up_at_s: float
    newest_version: int
    uid: str = ""
    base: int = 0
    renew_time: str = ""
    token: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """A term and how long it lasts at least.

    Args:
        token: the term's fencing token; never changes while the term lasts (I3).
        uid: the Lease object it was won on.
        version: of the newest record that proves it.
        sent_at_s: when the attempt that stands in that record was sent.
        valid_until_s: `sent_at_s` + renew deadline; from then on every answer is false.
    """

    token: int
    uid: str
    version: int
    sent_at_s: float
    valid_until_s: float


@dataclass
class State:
    """Everything a candidate knows. A value: `step` works on a copy and never changes the one it was given.

    Fields in groups, instants in boottime seconds:
        now_s, wall_us: the last event's time; the last wall time written into a record.
        record, observed_at_s, confirmed_at_s: the newest accepted record, when it was first received unchanged,
            and when the last request was sent that found it the newest.
        absent: the last read found no Lease.
        newest_version, uids, longest_duration_s, highest_token: the highest ever accepted or seen, in all records.
        flight, number: the request under way and its number.
        must_read, request_at_s, write_at_s: doubt that a read must end; no request, and no write, before these.
        tries, claim_version: own writes whose fate may still show; the version of a proven claim, 0 for none.
        grant, last_valid_until_s: the term, and the last instant any answer of ours promised.
        out_until_s, out_for_other_s: after resigning: not before the one, nor the other unless somebody else led.
        stopping, release_at_s, finish_by_s: shutdown.
        healthy, suspect_since_s, barred: why not to lead, now or until restarted.
        rejection, rejected_read: the API's last refusal, "" for none, and whether it refused a read.
        attempted: a first read has ended.
        index, visible: the answer's index and what it stands for.
        timer_at_s, phase: as last told.
    """

    config: Config
    now_s: float = float("-inf")
    wall_us: int = 0
    record: Record | None = None
    observed_at_s: float = 0.0
    confirmed_at_s: float = float("-inf")
    absent: bool = False
    newest_version: int = 0
    uids: tuple[str, ...] = ()
    longest_duration_s: int = 0
    highest_token: int = 0
    flight: Attempt | None = None
    number: int = 0
    must_read: bool = True
    request_at_s: float = float("-inf")
    write_at_s: float = float("-inf")
    tries: tuple[Attempt, ...] = ()
    claim_version: int = 0
    grant: Grant | None = None
    last_valid_until_s: float = float("-inf")
    out_until_s: float = float("-inf")
    out_for_other_s: float = float("-inf")
    stopping: bool = False
    release_at_s: float = float("-inf")
    finish_by_s: float = float("inf")
    finished: bool = False
    healthy: bool = True
    suspect_since_s: float | None = None
    barred: str = ""
    rejection: str = ""
    rejected_read: bool = False
    attempted: bool = False
    index: int = 0
    visible: tuple[object, ...] = ()
    timer_at_s: float = float("inf")
    phase: Phase = Phase.FOLLOWING

    def draft(self) -> "State":
        """Copy this state, to be changed by one step."""
        draft = State.__new__(State)
        draft.__dict__.update(self.__dict__)
        return draft

    @property
    def out(self) -> bool:
        """Whether a resignation still keeps this candidate from standing."""
        return self.now_s < self.out_until_s or self.now_s < self.out_for_other_s

    @property
    def may_lead(self) -> bool:
        """Whether nothing forbids this candidate to hold a grant now."""
        return self.healthy and not (self.stopping or self.barred or self.suspect_since_s is not None or self.out)

    @property
    def free_at_s(self) -> float:
        """When the observed record may be taken over if it does not change until then (DESIGN §3, Acquire)."""
        return self.observed_at_s + max(self.longest_duration_s, self.config.timing.lease_duration_s)

    @property
    def named(self) -> bool:
        """Whether the observed record names this very process."""
        return self.record is not None and self.record.holder == self.config.identity
