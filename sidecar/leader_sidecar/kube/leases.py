"""Owns what one request on the Lease comes to: one request, one outcome.

| answer                                     | read             | write                                    |
|--------------------------------------------|------------------|------------------------------------------|
| 200, 201 with this Lease                   | Found (200 only) | Written                                  |
| other 2xx; HTML, truncated JSON, a list, a malformed or another Lease, over 1 MiB | Rejected | Unknown   |
| 3xx                                        | Unknown          | Unknown                                  |
| 404, Status NotFound for this Lease        | Absent           | Absent                                   |
| 404 otherwise (proxy, namespace, API group) | Rejected        | Rejected                                 |
| 409                                        | Rejected         | Conflict                                 |
| 408, 425, 429, 5xx                         | Unknown, with Retry-After in seconds up to 60 | the same    |
| 401, 403, 410 and every other 4xx          | Rejected         | Rejected                                 |
| timeout, reset, half an answer, TLS, DNS   | Unknown          | Unknown                                  |

A read asks at the quorum: GET without a resourceVersion parameter. A write is a PUT, or a POST to create; never a
PATCH or DELETE.
"""

import json
from collections.abc import Mapping
from typing import Any

from leader_sidecar.core.messages import (
    Absent,
    Conflict,
    Found,
    Kind,
    ReadOutcome,
    Rejected,
    Unknown,
    WriteOutcome,
    Written,
)
from leader_sidecar.core.record import Malformed
from leader_sidecar.kube.answers import (
    LeaseName,
    decode,
    message_of,
    read_record,
    refusal,
    says_lease_is_absent,
    status_object,
)
from leader_sidecar.kube.transport import Failure, Lane, Reply

_TRY_AGAIN = frozenset({408, 425, 429})


class LeaseStore:
    """Read and write one Lease.

    Args:
        lane: the connection, one request at a time.
        lease: which Lease.
    """

    def __init__(self, lane: Lane, lease: LeaseName) -> None:
        self._lane = lane
        self._lease = lease

    async def read(self, timeout_s: float) -> ReadOutcome:
        """Read the Lease at the quorum.

        Args:
            timeout_s: for the whole attempt, connecting included.

        Returns:
            An outcome by the table above. Raises nothing but CancelledError.
        """
        reply = await self._lane.exchange("GET", self._lease.path, timeout_s=timeout_s)
        if isinstance(reply, Failure):
            return Unknown(reply.message)
        return self._read_outcome(reply)

    async def write(self, kind: Kind, body: Mapping[str, Any], timeout_s: float) -> WriteOutcome:
        """Write the Lease, once.

        Args:
            kind: CREATE is a POST, every other one a PUT.
            body: the whole object as the core made it.
            timeout_s: for the whole attempt, connecting included.

        Returns:
            An outcome by the table above. Raises nothing but CancelledError.
        """
        creates = kind is Kind.CREATE
        try:
            content = json.dumps(body, separators=(",", ":")).encode()
        except (ValueError, RecursionError):
            return Rejected(0, f"cannot {self._lease.asked('update')}: what is kept of the object cannot be encoded")
        reply = await self._lane.exchange(
            "POST" if creates else "PUT",
            self._lease.collection_path if creates else self._lease.path,
            body=content,
            timeout_s=timeout_s,
        )
        if isinstance(reply, Failure):
            return Unknown(reply.message)
        return self._write_outcome("create" if creates else "update", reply)

    def _read_outcome(self, reply: Reply) -> ReadOutcome:
        value = decode(reply.body)
        if reply.status == 200:
            record = read_record(self._lease, value)
            if isinstance(record, Malformed):
                return Rejected(200, f"200 for {self._lease.asked('get')}, but the answer is {record.reason}")
            return Found(record)
        if 200 <= reply.status < 300:
            return Rejected(reply.status, f"{reply.status} for {self._lease.asked('get')}: a read is answered with 200")
        refused = self._refused("get", reply, value)
        return Rejected(409, refused.message) if isinstance(refused, Conflict) else refused

    def _write_outcome(self, verb: str, reply: Reply) -> WriteOutcome:
        value = decode(reply.body)
        if not 200 <= reply.status < 300:
            return self._refused(verb, reply, value)
        record = read_record(self._lease, value) if reply.status in (200, 201) else Malformed("no acknowledgement")
        if isinstance(record, Malformed):
            return Unknown(f"{reply.status} for {self._lease.asked(verb)}, but the answer is {record.reason}")
        return Written(record)

    def _refused(self, verb: str, reply: Reply, value: object) -> Absent | Conflict | Rejected | Unknown:
        code, status = reply.status, status_object(value)
        message = refusal(self._lease, verb, code, status)
        if code < 400 or code >= 500 or code in _TRY_AGAIN:
            return Unknown(message, reply.retry_after_s)
        if code == 409:
            return Conflict(message_of(status))
        if code == 404 and says_lease_is_absent(self._lease, status):
            return Absent(message_of(status))
        return Rejected(code, message)
