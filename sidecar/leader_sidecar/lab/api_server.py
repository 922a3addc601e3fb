"""Owns the API server's part of the world: one Lease, one sequence of versions over all Leases, and its watchers.

It judges requests as DESIGN §8 lists them and knows nothing of elections.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

from leader_sidecar.core.messages import Absent, Conflict, Found, Kind, Rejected, Written
from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION, Record, parse_record

NAMESPACE, NAME = "default", "payouts"

Change = Callable[[Record, bool], None]


class ApiServer:
    """Store the Lease.

    Args:
        rng: how many versions other Leases take in between.
        start_version: the last version given to any Lease before the run.
    """

    def __init__(self, rng: random.Random, start_version: int) -> None:
        self.version = start_version
        self.down = False
        self.record: Record | None = None
        self.history: list[Record] = []
        """Every version that the Lease had, in the order of writing, but for what a restore forgot."""
        self.forgotten: set[int] = set()
        """Versions that a restore forgot: the store may give them again, to other content."""
        self.watchers: list[Change] = []
        self.uids = 0
        self.others = 0.3
        """How often a write is followed by some of other Leases, which take versions too."""
        self._rng = rng

    def read(self) -> Found | Absent:
        """Answer a GET at the quorum."""
        return Found(self.record) if self.record is not None else Absent("not found")

    def create(self, body: Mapping[str, Any]) -> Written | Conflict:
        """Answer a POST."""
        if self.record is not None:
            return Conflict("already exists")
        self.uids += 1
        metadata = {**body["metadata"], "uid": f"uid-{self.uids}"}
        return Written(self.store({**body, "metadata": metadata}))

    def put(self, body: Mapping[str, Any]) -> Written | Conflict | Rejected:
        """Answer a PUT with uid and resourceVersion."""
        current, metadata = self.record, body["metadata"]
        if current is None:
            return Conflict("the object does not exist and the uid was given")
        if "resourceVersion" in metadata and metadata["resourceVersion"] != str(current.version):
            return Conflict("the object has been modified")
        if "uid" in metadata and metadata["uid"] != current.uid:
            return Conflict("the uid differs")
        duration_s = (body.get("spec") or {}).get("leaseDurationSeconds")
        if duration_s is not None and duration_s < 1:
            return Rejected(422, "spec.leaseDurationSeconds must be greater than 0")
        if body == current.body:
            return Written(current)
        return Written(self.store({**body, "metadata": {**metadata, "uid": current.uid}}))

    def store(self, body: Mapping[str, Any]) -> Record:
        """Give the object its next version, keep it and tell the watchers."""
        self.version += 1 + (self._rng.random() < self.others) * self._rng.randrange(1, 4)
        metadata = {**body["metadata"], "resourceVersion": str(self.version)}
        record = parse_record({**body, "metadata": metadata})
        assert isinstance(record, Record), record
        self.record = record
        self.history.append(record)
        for watcher in self.watchers:
            watcher(record, False)
        return record

    def delete(self) -> None:
        """Remove the Lease; the event of it carries a version of its own."""
        if self.record is None:
            return
        self.version += 1
        metadata = {**self.record.body["metadata"], "resourceVersion": str(self.version)}
        last = parse_record({**self.record.body, "metadata": metadata})
        assert isinstance(last, Record)
        self.record = None
        for watcher in self.watchers:
            watcher(last, True)

    def restore(self, record: Record, bumped_by: int) -> None:
        """Put an old record back with its old version, as an etcd restore does.

        Args:
            record: from the history.
            bumped_by: how far the restored store's revision was raised; 0 makes versions repeat.
        """
        self.version = self.version + bumped_by if bumped_by else record.version
        self.record = record
        while self.history[-1] is not record:
            self.forgotten.add(self.history.pop().version)


def first_body() -> dict[str, Any]:
    """Make an unheld Lease that carries things of others, which must stay."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "namespace": NAMESPACE,
            "name": NAME,
            "labels": {"team": "payments"},
            "annotations": {"example.org/owner": "somebody"},
            "ownerReferences": [{"kind": "Deployment", "name": "payouts"}],
        },
        "spec": {},
    }


def returned_body(token: int) -> dict[str, Any]:
    """Make a Lease that its last leader has given back: the first who looks may take it.

    Args:
        token: of that leader.
    """
    body = first_body()
    body["metadata"]["annotations"] |= {TOKEN_ANNOTATION: str(token), RELEASED_ANNOTATION: str(token)}
    return {**body, "spec": {"holderIdentity": "", "leaseDurationSeconds": 1}}


def handle(api: ApiServer, kind: Kind, body: Mapping[str, Any]) -> object:
    """Answer a request that reached the server."""
    if kind is Kind.READ:
        return api.read()
    return api.create(body) if kind is Kind.CREATE else api.put(body)
