"""Owns what an election writes into a Lease object: whole bodies for PUT, all that is not ours kept (I11)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from leader_sidecar.core.record import RELEASED_ANNOTATION, TOKEN_ANNOTATION, Record

_EPOCH = datetime(1970, 1, 1)
_MAX_WALL_US = 253_402_300_799_999_999
MAX_TRANSITIONS = 2**31 - 1


def micro_time(wall_us: int) -> str:
    """Format an instant as the API's MicroTime, with exactly six fractional digits.

    Args:
        wall_us: microseconds since 1970; clamped to the years 1970 … 9999, which is all the format can say.
    """
    wall_us = min(max(wall_us, 0), _MAX_WALL_US)
    return (_EPOCH + timedelta(microseconds=wall_us)).isoformat(timespec="microseconds") + "Z"


def create_body(namespace: str, name: str) -> dict[str, Any]:
    """Make an unheld Lease, for POST."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {},
    }


def claim_body(record: Record, identity: str, duration_s: int, renew_time: str) -> dict[str, Any]:
    """Write our identity and leave the token: the first of the two writes that make a term."""
    spec = {
        "holderIdentity": identity,
        "leaseDurationSeconds": duration_s,
        "acquireTime": renew_time,
        "renewTime": renew_time,
        "leaseTransitions": min(record.transitions + 1, MAX_TRANSITIONS),
    }
    return _replace(record, spec, {RELEASED_ANNOTATION: None})


def renew_body(record: Record, duration_s: int, renew_time: str, token: int) -> dict[str, Any]:
    """Write token and renewTime over a record that names us: the second write of a term, and every renewal."""
    spec = {"leaseDurationSeconds": duration_s, "renewTime": renew_time}
    return _replace(record, spec, {TOKEN_ANNOTATION: str(token), RELEASED_ANNOTATION: None})


def release_body(record: Record, renew_time: str, token: int) -> dict[str, Any]:
    """Give the Lease back: nobody holds it, and the mark that equals the token says that its term is really over.

    Args:
        token: of the last term known to have ended, 0 for none: then no mark is written and successors wait.
    """
    spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": renew_time, "renewTime": renew_time}
    marks = {TOKEN_ANNOTATION: str(token), RELEASED_ANNOTATION: str(token)} if token else {RELEASED_ANNOTATION: None}
    return _replace(record, spec, marks)


def _replace(record: Record, spec: Mapping[str, Any], annotations: Mapping[str, str | None]) -> dict[str, Any]:
    body = record.body
    # managedFields is the server's: it keeps its own where a PUT brings none, and it is half of the bytes.
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    merged = {**(metadata.get("annotations") or {}), **annotations}
    metadata["annotations"] = {key: value for key, value in merged.items() if value is not None}
    return {
        **body,
        "apiVersion": body.get("apiVersion") or "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": {**(body.get("spec") or {}), **spec},
    }
