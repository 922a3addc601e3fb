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
from leader_sidecar.operator.requests import Interrupted, Requests, Stale
from leader_sidecar.operator.resource import Key, LeaderElection, leader_label, read_resource, resource_path
from leader_sidecar.operator.sighting import Sighting
from leader_sidecar.operator.status import differs, new_status
from leader_sidecar.runtime.clock import Clock

AGAIN_S = 600.0
"""Between looks at everything: what somebody edited is put right, deletions that a watch missed are seen."""


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
        self._labelled: tuple[str, str] | None = None
        self._again_at_s = 0.0
        self._stale = False

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

    def show_pod(self, pod: tuple[str, str], labels: Mapping[str, str]) -> bool:
        """Take a pod from the watch on pods that lead something: its name and uid, and no labels for one that left it.

        Returns: whether it carries the election's label without a right to it, or the other way round.
        """
        carries = labels.get(leader_label(self.key[1])) == "true"
        if carries is (pod == self._labelled):
            return False
        self._leader_due = True
        return True

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
        if self.election is None or self._stale or (again and self._again_at_s):
            await self._read_again(requests)
        election = self.election
        if election is None or election.deleting:
            await move_label(requests, self.key, None, wanted=False)
            self._labelled = None
            self._all_due = self._leader_due = False
            self._again_at_s = now_s + AGAIN_S
            return
        everything = self._all_due or again
        self._all_due = self._leader_due = False
        try:
            if everything:
                await self._settle(requests, election)
            await self._tell(requests)
        except BaseException as error:
            self._all_due, self._leader_due = self._all_due or everything, True
            # Not to be left to the watch alone, which may be behind.
            self._stale = isinstance(error, Stale)
            raise
        if everything:
            again_s = FAULTY_AGAIN_S if self._fault else AGAIN_S
            self._again_at_s = now_s + again_s * self._rng.uniform(0.75, 1.25)

    async def _read_again(self, requests: Requests) -> None:
        body = await requests.get(resource_path(self.key))
        self.show_election(read_resource(body) if body is not None else None)
        self._stale = False

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

    async def _tell(self, requests: Requests) -> None:
        election = self.election
        assert election is not None
        now_s, sighting = self._clock.now_s(), self._sighting
        strange = self._fault is not None and self._fault.reason == "LeaseHeldByAnother"
        seen = election.lease_duration_s, _lapsed_version(election)
        leader = None if strange else sighting.leader(now_s, *seen)
        self._lapsed = sighting.lapsed(now_s, *seen)
        pod = await self._move_label(requests, election, leader)
        status = new_status(
            election,
            sighting.record,
            leader,
            node=str(pod["spec"].get("nodeName", "")) if pod is not None else "",
            lapsed=self._lapsed and not strange,
            fault=self._fault,
            wall_us=self._clock.wall_us(),
        )
        if differs(election.status, status):
            answer = await requests.patch(f"{election.path}/status", election.based_on, {"status": status})
            self._wrote(read_resource(answer))

    async def _move_label(
        self, requests: Requests, election: LeaderElection, leader: Holder | None
    ) -> Mapping[str, Any] | None:
        # Before the writes, so that their events are no news.
        self._labelled = (leader.pod_name, leader.pod_uid) if leader is not None and election.leader_label else None
        try:
            pod = await move_label(requests, self.key, leader, wanted=election.leader_label)
        except Interrupted as interruption:
            if not interruption.refused:
                raise
            self._fault = self._fault or Fault("Refused", str(interruption))
            pod = None
        carrier = pod["metadata"] if pod is not None and election.leader_label else None
        self._labelled = (carrier["name"], carrier["uid"]) if carrier is not None else None
        return pod

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


def _lapsed_version(election: LeaderElection) -> str:
    lease = election.status.get("lease")
    return str(lease.get("lapsedVersion", "")) if isinstance(lease, Mapping) else ""
