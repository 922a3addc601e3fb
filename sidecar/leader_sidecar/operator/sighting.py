"""Owns what was seen of a Lease and when: who leads by it, until it has not changed for too long on our own clock."""

from leader_sidecar.core.holder import Holder, read_holder
from leader_sidecar.core.record import Record


class Sighting:
    """Follow the record of one election. The clock is the caller's: boottime seconds."""

    def __init__(self) -> None:
        self.record: Record | None = None
        """The newest that was shown; None for an absent Lease, and before the first."""
        self._seen_at_s = 0.0
        self._first = True

    def show(self, record: Record, now_s: float) -> bool:
        """Take a record from a watch or a read.

        Returns: whether it is news to people: another Lease, holder, token or count of acquisitions.
        """
        before = self.record
        if before is not None and before.uid == record.uid and record.version < before.version:
            return False
        self.record = record
        if before is None or before.change_key != record.change_key:
            self._first = before is None
            self._seen_at_s = now_s
        return before is None or _news(before) != _news(record)

    def forget(self) -> None:
        """The Lease is gone."""
        self.record = None
        self._first = False

    def lapses_at_s(self, lease_duration_s: float) -> float:
        """Say when the record will have been unchanged for too long.

        Args:
            lease_duration_s: the resource's own; the record's counts where it is longer.
        """
        record = self.record
        return self._seen_at_s + max(lease_duration_s, record.duration_s if record else 0)

    def leader(self, now_s: float, lease_duration_s: float, lapsed_version: str) -> Holder | None:
        """Say who leads as far as can be seen.

        Args:
            lapsed_version: the version that an operator saw lapse: one that starts does not wait for it anew.
        """
        holder = read_holder(self.record) if self.record is not None else None
        if holder is None or (holder.pod_name and holder.token is None):
            return None  # nobody, or a claim that becomes a term with its next write
        return None if self.lapsed(now_s, lease_duration_s, lapsed_version) else holder

    def lapsed(self, now_s: float, lease_duration_s: float, lapsed_version: str) -> bool:
        """Say whether a holder is named that did not renew in time."""
        record = self.record
        if record is None or not record.holder:
            return False
        known = self._first and str(record.version) == lapsed_version
        return known or now_s >= self.lapses_at_s(lease_duration_s)


def _news(record: Record) -> tuple[object, ...]:
    holder = read_holder(record)
    token = holder.token if holder else None
    return record.uid, record.holder, token, record.acquire_time, record.transitions
