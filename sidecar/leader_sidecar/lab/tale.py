"""Owns how a run of the real election becomes a scene: terms with their tokens, writes as arrows, faults, losses.

What comes again and again, such as renewals, is one step with a count.
"""

from typing import TYPE_CHECKING

from leader_sidecar.core.messages import Effect, Event, Kind, Lead, StopLeading
from leader_sidecar.core.record import Record
from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.fault_kinds import FAULT_KINDS
from leader_sidecar.lab.story import LaneState, Mark, Scene, Step
from leader_sidecar.lab.timeline import Timeline

if TYPE_CHECKING:
    from leader_sidecar.lab.network import Request
    from leader_sidecar.lab.schedule import Fault
    from leader_sidecar.lab.world import World

LEASE = "Lease"
GUARD = "guard"
_LOST_ANSWERS = {"response_dropped", "partition_from_api"}
_LOST = {"request_dropped", "partition", "partition_to_api", "connection_reset", *_LOST_ANSWERS}
_LIVES = {"freeze", "pod_frozen", "suspend", "kill", "gentle_stop", "pod_replaced"}
"""Faults that are told when they happen to a process."""
_ENDS = {
    "stopping": "it is asked to end",
    "resigned": "its app has asked for it",
    "renew deadline passed": "its last confirmed renewal was sent too long ago",
}


class Tale(Timeline):
    """Tell a run as steps of a scene.

    Args:
        scene: of which `lanes` has the pods, `LEASE` and, where its refusals are told, `GUARD`.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self._repeated: dict[tuple[str, ...], tuple[Step, int]] = {}
        self._tokens: dict[int, str] = {}
        self._cause = ""  # of what is about to happen to a process
        self.renewals = 0

    def watch(self, world: "World") -> None:
        """Tell of this world from now on, by its time."""
        super().watch(world)
        self._scene.time = world.time

    # --- what a run tells ---------------------------------------------------------------------------------------------

    def note(self, text: str, who: str = "") -> None:
        """Tell what has no method of its own: writes of others."""
        self._tell(Mark.NOTE, LEASE, text)

    def begins(self, fault: "Fault", whom: str) -> None:
        """Tell of a fault; of one that befalls a process only when it does."""
        if fault.kind in _LIVES:
            self._cause = _meaning(fault.kind)
        else:
            length = f" for {fault.for_s:.1f} s" if fault.for_s else ""
            only = f", {fault.only} only" if fault.only else ""
            self._tell(Mark.FAULT, whom, f"{_words(fault.kind)}{length}{only}", _meaning(fault.kind))

    def struck(self, kind: str, process: Candidate | None) -> None:
        """Tell of a message that went wrong; of its like in a row, with a count."""
        if process is None:
            return
        lane = process.pod.name
        if kind not in _LOST:
            self._count(Mark.NOTE, lane, _words(kind))
        elif kind in _LOST_ANSWERS:
            self._count(Mark.LOST, LEASE, _words(kind), lane)
        else:
            self._count(Mark.LOST, lane, _words(kind), LEASE)

    def broken(self, check: str, text: str) -> None:
        """Tell that a promise was broken."""
        self._tell(Mark.FAULT, "", f"VIOLATION {check}: {text}", "A promise is broken: the run ends here.")

    def life(self, process: Candidate, what: str) -> None:
        """Tell how a process begins, stands still and ends."""
        lane, idle = process.pod.name, LaneState.IDLE
        if what == "freezes":
            led = " It believes to lead, and cannot notice." if process.view.leading else " It cannot notice."
            self._tell(Mark.FAULT, lane, f"{lane} freezes", self._cause + led, LaneState.FROZEN)
        elif what == "wakes":
            answer = process.answer()
            text = "It goes on where it was. Its first answer is computed now, from its clock: "
            text += "it still leads." if answer.is_leader else "no."
            state, token = (LaneState.LEADS, str(answer.token)) if answer.is_leader else (idle, "")
            self._tell(Mark.NOTE, lane, f"{lane} wakes", text, state, token)
        elif what == "starts":
            self._tell(Mark.NOTE, lane, f"{lane} starts", "It stands for election.", idle)
        else:
            mark = Mark.FAULT if what == "dies" else Mark.NOTE
            self._tell(mark, lane, f"{lane} {what}", self._cause, LaneState.DEAD)
        self._cause = ""

    def event(self, process: Candidate, event: Event) -> None:
        """Tell nothing: what came of it is told."""

    def effect(self, process: Candidate, effect: Effect) -> None:
        """Tell when a term begins and when it ends."""
        lane = process.pod.name
        if isinstance(effect, Lead):
            self._tokens[effect.token] = lane
            for_s = process.config.timing.renew_deadline_s
            text = (
                f"Both writes are confirmed. It may lead for {for_s:g} s from sending the second; renewals prolong it."
            )
            self._tell(
                Mark.LEADS, lane, f"{lane} leads with token {effect.token}", text, LaneState.LEADS, str(effect.token)
            )
        elif isinstance(effect, StopLeading):
            text = _sentence(_ENDS.get(effect.reason, effect.reason))
            self._tell(Mark.ENDS, lane, f"{lane} stops leading", text, LaneState.IDLE)

    def applied(self, request: "Request", record: Record | None) -> None:
        """Tell of a write that took effect."""
        if record is None:
            return
        assert isinstance(request.sender, Candidate)
        lane = request.sender.pod.name
        if request.kind is Kind.RENEW:
            self.renewals += 1
            self._count(Mark.MESSAGE, lane, "renews", LEASE)
            return
        if request.kind is Kind.CLAIM:
            text = f"{self._why_free(record)} The claim is the API server's write {record.version}."
        elif request.kind is Kind.TOKEN:
            above = (
                f"its claim, write {request.base}, and so" if record.token == request.base + 1 else "the highest seen,"
            )
            text = f"One above {above} above every token before it. Write {record.version} carries it."
        else:
            text = "There is no Lease yet." if request.kind is Kind.CREATE else "The next may lead at once."
        label = f"token {record.token}" if request.kind is Kind.TOKEN else request.kind.value
        self._tell(Mark.MESSAGE, lane, label, text, to=LEASE)

    def refused(self, item: int, token: int, highest: int) -> None:
        """Tell of a write that the guard refused."""
        lane = self._tokens.get(token, "")
        if GUARD in self._scene.lanes and lane:
            text = f"The guard has seen {highest}: {token} comes from a term that is over."
            self._tell(Mark.REFUSED, lane, f"item {item}, token {token}", text, to=GUARD)

    def _why_free(self, claim: Record) -> str:
        """Say why a claim was right, from the record that it replaced."""
        assert self.world is not None
        before = self.world.api.history[-2]
        if before.released:
            return "The last leader gave the Lease back."
        if before.holder == claim.holder:
            return "The Lease still names this process, whose term is over: it begins a new one."
        if before.holder and before.holder.partition("_")[0] == claim.holder.partition("_")[0]:
            return "The Lease names an earlier process of this pod."
        if not before.holder:
            return "Nobody holds the Lease, and nobody has changed it for long enough."
        return f"Nobody changed the Lease for {before.duration_s} s: by then its holder has stopped by its own clock."

    # --- how it is told -----------------------------------------------------------------------------------------------

    def _count(self, mark: Mark, lane: str, label: str, to: str = "") -> None:
        """Add a step, or count it where only its like happened since the last one."""
        key = (mark, lane, label, to)
        if key not in self._repeated:
            self._repeated[key] = (self._scene.tell(mark, lane, label, to=to), 1)
            return
        step, count = self._repeated[key]
        self._repeated[key] = (step, count + 1)
        step.label = f"{label} ×{count + 1}"
        step.text = f"The last of them at {self._scene.time.now_s:.2f} s."

    def _tell(
        self,
        mark: Mark,
        lane: str,
        label: str,
        text: str = "",
        state: LaneState | None = None,
        token: str = "",
        to: str = "",
    ) -> None:
        self._repeated.clear()
        if lane and lane not in self._scene.lanes:
            lane = ""
        self._scene.tell(mark, lane, label, text, to=to, state=state if lane else None, token=token)


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _meaning(kind: str) -> str:
    known = FAULT_KINDS.get(kind)
    return _sentence(known.meaning.replace(" 1-60 s", "")) if known is not None else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
