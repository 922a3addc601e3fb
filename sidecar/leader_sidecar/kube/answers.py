"""Owns the reading of what an API server, or whatever stands before it, answered: records, and Status objects.

It also words a refusal for people: which verb on what, and the one thing to do.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from leader_sidecar.core.record import Malformed, Record, parse_record

_MAX_MESSAGE = 300
_USER = re.compile(r'User "([^"]+)" cannot ')


@dataclass(frozen=True, slots=True)
class LeaseName:
    """One Lease, by namespace and name."""

    namespace: str
    name: str

    @property
    def collection_path(self) -> str:
        """Return the path of all Leases of the namespace, percent-encoded."""
        return f"/apis/coordination.k8s.io/v1/namespaces/{quote(self.namespace, safe='')}/leases"

    @property
    def path(self) -> str:
        """Return the path of the Lease, percent-encoded."""
        return f"{self.collection_path}/{quote(self.name, safe='')}"

    def asked(self, verb: str) -> str:
        """Name a request in RBAC's words."""
        return f'{verb} leases.coordination.k8s.io "{self.name}" in namespace "{self.namespace}"'


def decode(body: bytes | None) -> object:
    """Decode JSON of any shape.

    Returns:
        The value, or `Malformed` where it is none.
    """
    if body is None:
        return Malformed("more than 1 MiB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return Malformed("not JSON" + (" but HTML" if body.lstrip()[:1] == b"<" else ""))


def read_record(lease: LeaseName, value: object) -> Record | Malformed:
    """Read a decoded object as this very Lease.

    Returns:
        A `Record`, or `Malformed` also where it is another Lease's: an answer that went astray proves nothing.
    """
    if isinstance(value, Malformed):
        return value
    try:
        record = parse_record(value)
    except RecursionError:
        return Malformed("nested too deeply")
    if isinstance(record, Record):
        metadata = record.body["metadata"]
        if (metadata.get("namespace"), metadata.get("name")) != (lease.namespace, lease.name):
            return Malformed(f"another Lease: {metadata.get('namespace')}/{metadata.get('name')}")
    return record


def status_object(value: object) -> Mapping[str, Any] | None:
    """Return the value if it is a Kubernetes Status of a failure: proof that the API server itself speaks."""
    is_status = isinstance(value, Mapping) and value.get("kind") == "Status" and value.get("status") == "Failure"
    return value if is_status and isinstance(value, Mapping) else None


def says_lease_is_absent(lease: LeaseName, status: Mapping[str, Any] | None) -> bool:
    """Tell a 404 for this Lease from one for its namespace, its API group, or from a proxy that knows no such path."""
    if status is None or status.get("reason") != "NotFound":
        return False
    details = status.get("details") or {}
    if not isinstance(details, Mapping):
        return False
    return details.get("kind", "leases") in ("leases", "Lease") and details.get("name", lease.name) == lease.name


def refusal(lease: LeaseName, verb: str, code: int, status: Mapping[str, Any] | None) -> str:
    """Word a refusal in one line.

    Args:
        verb: as RBAC calls it: get, update, create, watch.
        code: the HTTP status.
        status: the Status object that came with it, None for none.
    """
    asked = lease.asked(verb)
    said = message_of(status)
    if code == 401:
        return f"401 for {asked}: the token is not accepted: mount a valid one (leader-sidecar doctor checks it)"
    if code == 403 and (status is None or _USER.search(said)):
        user = _USER.search(said)
        who = f" as {user.group(1)}" if user else ""
        return f"403 for {asked}{who}: allow the verb {verb} in its Role (leader-sidecar doctor prints the command)"
    return f"{code} for {asked}: {said or 'no reason given'}"


def message_of(status: Mapping[str, Any] | None) -> str:
    """Return the message of a Status on one line, at most 300 characters; "" for none."""
    text = status.get("message") if status is not None else None
    return " ".join(text.split())[:_MAX_MESSAGE] if isinstance(text, str) else ""
