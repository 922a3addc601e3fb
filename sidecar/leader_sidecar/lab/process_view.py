"""Owns what the checks remember of one process: what it was shown, what was proved to it and what it promised."""

from dataclasses import dataclass, field

from leader_sidecar.core.record import Record


@dataclass(slots=True)
class ProcessView:
    """Facts about one process, noted from outside; instants `_boot_s` on its machine's boottime, others in world time.

    Args:
        leading, token: its last answer.
        until_boot_s: until when that answer promised.
        newest, record, uids: the highest version it was shown and accepted, that record, and all uids in their order.
        proved_until_boot_s: until when the newest write proved to it allows it to lead: its sending + renew deadline.
        proved: the record of that write; `proved_sent_s` when it was sent; `proved_term` whether it began the term.
        suspect_boot_s: since when reads have gone back in time; None for not at all.
        barred: that lasted too long: never again in this process.
        hits: how many faults struck its messages since the write that proves its grant was sent.
        disturbed_s: until when something other than single messages troubled it.
        requests: when it sent its last requests, on boottime.
    """

    leading: bool = False
    token: int | None = None
    until_boot_s: float = 0.0
    newest: int = 0
    record: Record | None = None
    uids: list[str] = field(default_factory=list)
    proved_until_boot_s: float = float("-inf")
    proved: Record | None = None
    proved_sent_s: float = 0.0
    suspect_boot_s: float | None = None
    barred: bool = False
    hits: list[float] = field(default_factory=list)
    disturbed_s: float = -1.0
    requests: list[float] = field(default_factory=list)

    def regresses(self, record: Record) -> bool:
        """Say whether this record cannot follow what was shown before, though its version is not lower."""
        if record.uid in self.uids[:-1]:
            return True
        known = self.record
        return known is not None and known.version == record.version and known.change_key != record.change_key

    def show(self, record: Record) -> None:
        """Note that the process was shown this record and had to accept it."""
        self.newest = record.version
        self.record = record
        if not self.uids or self.uids[-1] != record.uid:
            self.uids.append(record.uid)

    def contradicts(self, record: Record, identity: str) -> bool:
        """Say whether a record newer than the proof shows that the term is over."""
        proved = self.proved
        if proved is None or record.version <= proved.version:
            return False
        return record.uid != proved.uid or record.holder != identity or record.token > (self.token or 0)
