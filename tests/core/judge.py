"""Owns the judge of the small world: what each process was shown and proved, and which promise an answer breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leader_sidecar.core import messages as m
from leader_sidecar.core import status
from leader_sidecar.core.record import Record, parse_record
from leader_sidecar.core.state import State
from leader_sidecar.core.timing import Timing

if TYPE_CHECKING:
    from core.world import World

TIMING = Timing()
ROUNDING_S = 1e-6


@dataclass
class Request:
    """One request under way; `newest` is the highest version that its process had accepted before."""

    number: int
    kind: m.Kind
    body: dict[str, Any]
    newest: int
    identity: str
    outcome: Any = None


@dataclass
class Process:
    """One process and what the judge remembers of it."""

    state: State
    token: int | None = None
    timer_at_s: float = float("inf")
    request: Request | None = None
    sent_at_s: dict[tuple[str, str, int], float] = field(default_factory=dict)
    """When each write was sent, by uid, renewTime and token."""
    proved: dict[int, float] = field(default_factory=dict)
    """Until when the writes proved to this process let it lead, by token."""
    proof: Record | None = None
    newest: int = 0
    suspect_since_s: float | None = None


@dataclass
class Pod:
    """A pod: its clock, its way to the API server, its process, and until when its app may still be at work."""

    name: str
    rate: float
    offset_s: float
    wall_us: int
    way: str = "open"
    process: Process | None = None
    promised_s: float = float("-inf")
    nonces: int = 0
    unseen: list[tuple[Record, bool]] = field(default_factory=list)

    def now_s(self, t_s: float) -> float:
        """Read this pod's clock at an instant of the world."""
        return self.offset_s + self.rate * t_s


class Judge:
    """Look on; `broken` lists what did not hold, as (promise, text)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.published: list[int] = []
        self.broken: list[tuple[str, str]] = []

    def _fails(self, promise: str, text: str) -> None:
        self.broken.append((promise, f"at {self._world.t_s:.3f} s: {text}"))

    def look_at_all(self, word: str) -> None:
        """Ask every process: I1 at this instant, and I9 where time alone has passed."""
        leaders = []
        for pod in self._world.pods:
            if pod.process is None:
                continue
            told = status.answer(pod.process.state, pod.now_s(self._world.t_s))
            if told.is_leader:
                leaders.append(pod.name)
                if told.valid_until_s <= pod.now_s(self._world.t_s):
                    self._fails("I9", f"{pod.name} answers true after its validity")
                if pod.process.token is not None and told.token != pod.process.token:
                    self._fails("I3", f"{pod.name} changed its token without an event")
            else:
                pod.process.token = None
        if len(leaders) > 1 and not self._world.restores:
            self._fails("I1", f"{' and '.join(leaders)} lead, after {word}")

    def stepped(
        self, pod: Pod, process: Process, event: m.Event, request: Request | None, effects: list[m.Effect]
    ) -> None:
        shown = self._note(process, event, request)
        now_s = pod.now_s(self._world.t_s)
        told = status.answer(process.state, now_s)
        over = process.token is not None and any(isinstance(effect, m.StopLeading) for effect in effects)
        alarmed = any(isinstance(effect, m.Announce) and effect.event == "regression" for effect in effects)
        if alarmed and not self._world.restores:
            self._fails("I10", f"{pod.name} sees a restore where there is none")
        if not told.is_leader:
            process.token = None
            return
        if told.token != process.token and process.token is not None and not over:
            self._fails("I3", f"{pod.name}'s token became {told.token} from {process.token} within a term")
        if shown and not over:
            self._fails("I8", f"{pod.name} leads on though it was shown {shown}")
        ended = isinstance(event, m.StopRequested | m.ResignRequested)
        garbage = request is not None and isinstance(getattr(event, "outcome", None), m.Rejected)
        if ended or (garbage and not over) or (isinstance(event, m.HealthChanged) and not event.healthy):
            self._fails("I9", f"{pod.name} leads on after {type(event).__name__}")
        self._answered(pod, process, told, now_s)

    def _answered(self, pod: Pod, process: Process, told: status.Answer, now_s: float) -> None:
        token = told.token
        assert token is not None
        if told.valid_until_s > process.proved.get(token, float("-inf")) + ROUNDING_S:
            self._fails("I4", f"{pod.name} leads until {told.valid_until_s:.3f} s with {token}, which no proof allows")
        if process.suspect_since_s is not None:
            self._fails("I10", f"{pod.name} leads after a read that went back in time")
        if token != process.token:
            if not self._world.restores and self.published and token <= max(self.published):
                self._fails("I2", f"{pod.name} publishes {token} after {max(self.published)}")
            self.published.append(token)
            for other in self._world.pods:
                if other is pod or self._world.restores:
                    continue
                left_s = other.promised_s + TIMING.stop_margin_s - other.now_s(self._world.t_s)
                if left_s > ROUNDING_S:
                    self._fails("I1", f"{pod.name} leads while {other.name} may be at work for {left_s:.3f} s more")
        process.token = token
        pod.promised_s = max(pod.promised_s, told.valid_until_s)

    def _note(self, process: Process, event: m.Event, request: Request | None) -> str:
        """Remember what an event shows and proves; say what of it ends the term, or ""."""
        outcome = getattr(event, "outcome", None)
        if isinstance(event, m.RecordNotified):
            record, proves = event.record, False
            if event.deleted or record.version < process.newest:
                return ""
        elif isinstance(outcome, m.Found | m.Written) and request is not None:
            record, proves = outcome.record, True
            if isinstance(outcome, m.Found) and record.version < request.newest:
                if process.suspect_since_s is None:
                    process.suspect_since_s = event.at_s
                elif event.at_s - process.suspect_since_s >= TIMING.lease_duration_s:
                    process.suspect_since_s = float("-inf")
                return ""
            if record.version < process.newest:
                return ""
            if process.suspect_since_s != float("-inf"):
                process.suspect_since_s = None
        elif isinstance(outcome, m.Absent) and process.token is not None:
            return "no Lease" if request is not None and request.newest == process.newest else ""
        else:
            return ""
        identity, proof = process.state.config.identity, process.proof
        process.newest = record.version
        key = (record.uid, record.renew_time, record.token)
        if proves and record.holder == identity and key in process.sent_at_s:
            until_s = process.sent_at_s[key] + TIMING.renew_deadline_s
            process.proved[record.token] = max(process.proved.get(record.token, until_s), until_s)
            process.proof = record
        if proof is None or process.token is None or record.version <= proof.version:
            return ""
        if record.uid != proof.uid or record.holder != identity or record.token > process.token:
            return f"version {record.version} of {record.holder or 'nobody'}, token {record.token}"
        return ""

    def written(self, request: Request, before: Record) -> None:
        old, new = before.body, request.body
        if request.kind is m.Kind.RELEASE and before.holder != request.identity and not self._world.restores:
            self._fails("I7", f"a release changed the record of {before.holder or 'nobody'}")
        if _foreign(old) != _foreign(new):
            self._fails("I11", f"{request.kind} changed {_foreign(old)} to {_foreign(new)}")


def proof_key(body: dict[str, Any]) -> tuple[str, str, int]:
    """Return what tells a write from every other: uid, renewTime and token."""
    parsed = parse_record({**body, "metadata": {"resourceVersion": "1", "uid": "new", **body["metadata"]}})
    assert isinstance(parsed, Record), parsed
    return parsed.uid, parsed.renew_time, parsed.token


def _foreign(body: Any) -> dict[str, Any]:
    ours = ("holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions")
    metadata = {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}
    kept = metadata.get("annotations") or {}
    metadata["annotations"] = {key: value for key, value in kept.items() if "leader-sidecar.io/" not in key}
    return {"metadata": metadata, "spec": {key: value for key, value in body["spec"].items() if key not in ours}}
