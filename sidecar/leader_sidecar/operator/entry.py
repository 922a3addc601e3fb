"""Owns what the operator knows of one election, and one look at it: what is due is done, and told in its status.

A look reads what it acts on and leaves nothing half done in memory, so that an operator that is killed between any two
requests finds its way by looking once more.
"""

import random
from collections.abc import Mapping
from typing import Any

from leader_sidecar.core.holder import Holder
from leader_sidecar.core.record import Record, parse_record
from leader_sidecar.operator.access import Fault, lease_uid, settle_access
from leader_sidecar.operator.labels import move_label
from leader_sidecar.operator.requests import Interrupted, Requests
from leader_sidecar.operator.resource import Key, LeaderElection, read_resource, resource_path
from leader_sidecar.operator.sighting import Sighting
from leader_sidecar.operator.status import differs, new_status
from leader_sidecar.runtime.clock import Clock

FIRST_AGAIN_S = 30.0
"""After an operator began: what a predecessor had on its way has arrived by then."""

AGAIN_S = 600.0
"""Between looks at everything: labels that somebody edited are put right, deletions that a watch missed are seen."""


FAULTY_AGAIN_S = 60.0
"""The same while something has to be mended by somebody."""


class Entry:
    """One election.

    Args:
        key: its namespace and name.
        clock: the only source of time.
        rng: for jitter, so that elections are not all looked at together.
    """

    def __init__(self, key: Key, clock: Clock, rng: random.Random) -> None:
        self.key = key
        self.election: LeaderElection | None = None
        """The newest version; None for one that is gone."""
        self.failures = 0
        """Looks that were interrupted, in a row."""
        self._clock = clock
        self._rng = rng
        self._sighting = Sighting()
        self._fault: Fault | None = None
        self._all_due = True
        self._leader_due = True
        self._lapsed = False
        self._looked = 0
        self._again_at_s = 0.0

    def show_election(self, election: LeaderElection | None, *, own: bool = False) -> bool:
        """Take a version of the resource from a watch or a read, None for gone.

        Args:
            own: it is the answer to a write of ours.

        Returns: whether there is something to do.
        """
        before = self.election
        if election is not None and before is not None and before.uid == election.uid:
            if election.version <= before.version:
                return False  # an event that was overtaken by the answer to a write of ours
            self.election = election
            self._all_due |= (before.generation, before.deleting) != (election.generation, election.deleting)
            # Nobody else writes the status, unless by hand or late.
            self._leader_due |= not own and before.status != election.status
            return self._all_due or self._leader_due
        self.election = election
        self._all_due = True
        return True

    def show_lease(self, body: Mapping[str, Any], *, deleted: bool) -> bool:
        """Take a version of the Lease from the watch. Returns: whether there is something to do."""
        if deleted:
            self._sighting.forget()
            self._all_due = True
            return True
        record = parse_record(body)
        if not isinstance(record, Record):
            self._all_due = True
            return True
        return self._show(record)

    @property
    def faulty(self) -> bool:
        """The election is not as its resource asks, or could not be looked at."""
        return self._fault is not None or self.failures > 0

    def due_at_s(self) -> float:
        """Say when there is something to do at the latest; 0 for now."""
        if self._all_due or self._leader_due:
            return 0.0
        at_s = self._again_at_s
        record = self._sighting.record
        if record is not None and record.holder and not self._lapsed and self.election is not None:
            at_s = min(at_s, self._sighting.lapses_at_s(self.election.lease_duration_s))
        return at_s

    async def look(self, requests: Requests) -> None:
        """Do what is due.

        Raises: Interrupted, NotLeading; what was due is due still.
        """
        now_s = self._clock.now_s()
        again = now_s >= self._again_at_s
        if again and self._looked:
            await self._read_again(requests)
        election = self.election
        if election is None or election.deleting:
            await move_label(requests, self.key, None, wanted=False)
            self._done(now_s, settled=True)
            return
        everything = self._all_due or again
        self._all_due = self._leader_due = False
        try:
            if everything:
                await self._settle(requests, election)
            await self._tell(requests, everything)
        except BaseException:
            self._all_due, self._leader_due = self._all_due or everything, True
            raise
        if everything:
            self._done(now_s, settled=False)

    async def _read_again(self, requests: Requests) -> None:
        body = await requests.get(resource_path(self.key))
        self.show_election(read_resource(body) if body is not None else None)

    async def _settle(self, requests: Requests, election: LeaderElection) -> None:
        try:
            access = await settle_access(requests, election)
        except Interrupted as interruption:
            if not interruption.refused:
                raise
            # Until somebody mends it; a later look finds out.
            self._fault = Fault("Refused", str(interruption))
            return
        self._fault = access.fault
        self._wrote(access.election)
        if access.record is None:
            self._sighting.forget()
        else:
            self._show(access.record)

    async def _tell(self, requests: Requests, everything: bool) -> None:
        election = self.election
        assert election is not None
        now_s, sighting = self._clock.now_s(), self._sighting
        strange = self._fault is not None and self._fault.reason == "LeaseHeldByAnother"
        seen = election.lease_duration_s, _lapsed_version(election)
        leader = None if strange else sighting.leader(now_s, *seen)
        self._lapsed = sighting.lapsed(now_s, *seen)
        node = await self._move_label(requests, election, leader)
        status = new_status(
            election,
            sighting.record,
            leader,
            node=node,
            lapsed=self._lapsed and not strange,
            fault=self._fault,
            wall_us=self._clock.wall_us(),
        )
        if differs(election.status, status):
            answer = await requests.patch(f"{election.path}/status", election.based_on, {"status": status})
            self._wrote(read_resource(answer))

    async def _move_label(self, requests: Requests, election: LeaderElection, leader: Holder | None) -> str:
        try:
            return await move_label(requests, self.key, leader, wanted=election.leader_label)
        except Interrupted as interruption:
            if not interruption.refused:
                raise
            self._fault = self._fault or Fault("Refused", str(interruption))
            return ""

    def _wrote(self, election: LeaderElection) -> None:
        """Take the answer to a write, unless the resource has gone or been made anew since."""
        if self.election is not None and self.election.uid == election.uid:
            self.show_election(election, own=True)

    def _show(self, record: Record) -> bool:
        news = self._sighting.show(record, self._clock.now_s())
        if self._lapsed and self.election is not None:
            news |= not self._sighting.lapsed(
                self._clock.now_s(), self.election.lease_duration_s, _lapsed_version(self.election)
            )
        known = self.election is not None and lease_uid(self.election) in ("", record.uid)
        self._all_due |= not known or (news and self._fault is not None)
        self._leader_due |= news
        return news or not known

    def _done(self, now_s: float, *, settled: bool) -> None:
        if settled:
            self._all_due = self._leader_due = False
        again_s = FAULTY_AGAIN_S if self._fault else AGAIN_S if self._looked else FIRST_AGAIN_S
        self._looked += 1
        self._again_at_s = now_s + again_s * self._rng.uniform(0.75, 1.25)


def _lapsed_version(election: LeaderElection) -> str:
    lease = election.status.get("lease")
    return str(lease.get("lapsedVersion", "")) if isinstance(lease, Mapping) else ""
