"""Owns what an election reads from a Lease object: the record, its version, and what counts as a change.

An object that cannot be read safely is `Malformed`: nobody leads by it and nothing crashes on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leader_sidecar.core.token import parse_token

TOKEN_ANNOTATION = "leader-sidecar.io/fencing-token"
RELEASED_ANNOTATION = "leader-sidecar.io/released"

_MAX_INT32 = 2**31 - 1
_STRINGS = ("holderIdentity", "acquireTime", "renewTime")
_INTEGERS = ("leaseDurationSeconds", "leaseTransitions")


@dataclass(frozen=True, slots=True)
class Malformed:
    """An answer that is no Lease this election can use; `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a Lease as the API server answered it.

    Args:
        uid: the object's uid; a Lease made again has another.
        version: its resourceVersion, one integer sequence over all Leases.
        holder: the holder identity, "" for nobody.
        duration_s: the holder's lease duration in whole seconds, 0 where the record has none.
        transitions: the record's count of acquisitions, 0 where it has none.
        acquire_time, renew_time: wall time as the holder wrote it, "" for none; shown and told apart, never compared.
        token: the fencing token in the annotation, 0 where absent or garbled.
        token_garbled: the annotation is there and is no token.
        released: the holder gave the Lease back: no holder, and our release's mark equals the token.
        change_key: uid, whole spec and token: two records with the same key are "unchanged" to a follower.
        body: the whole object, for writes that keep what is not ours. Never changed in place.

    Source: DESIGN §3.
    """

    uid: str
    version: int
    holder: str
    duration_s: int
    transitions: int
    acquire_time: str
    renew_time: str
    token: int
    token_garbled: bool
    released: bool
    change_key: str
    body: Mapping[str, Any] = field(repr=False, compare=False)


def parse_record(body: object) -> Record | Malformed:
    """Read a Lease object.

    Args:
        body: decoded JSON of any shape, as an API server or whatever stands before it answered.

    Returns:
        A `Record`, or `Malformed` when a field has the wrong type or range, or the resourceVersion is no integer.
    """
    if not isinstance(body, Mapping):
        return Malformed(f"not an object but {type(body).__name__}")
    kind = body.get("kind", "Lease")
    metadata, spec = body.get("metadata"), _given(body, "spec", {})
    if kind != "Lease" or not isinstance(metadata, Mapping) or not isinstance(spec, Mapping):
        return Malformed(f"not a Lease but kind {kind!r}" if kind != "Lease" else "metadata or spec is not an object")
    annotations = _given(metadata, "annotations", {})
    if not isinstance(annotations, Mapping):
        return Malformed("metadata.annotations is not an object")
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    if not isinstance(uid, str) or not uid:
        return Malformed("metadata.uid is absent")
    if not (isinstance(version, str) and version.isascii() and version.isdecimal()) or len(version) > 19:
        return Malformed(f"resourceVersion {version!r} is not a decimal integer: tokens need comparable versions")
    fault = _spec_fault(spec)
    return Malformed(fault) if fault else _record(body, uid, int(version), annotations, spec)


def _given(fields: Mapping[str, Any], name: str, absent: object) -> Any:
    """Return a field's value; null is absent, as the API has it."""
    value = fields.get(name)
    return absent if value is None else value


def _spec_fault(spec: Mapping[str, Any]) -> str:
    for name in _STRINGS:
        if not isinstance(_given(spec, name, ""), str):
            return f"spec.{name} is not a string"
    for name in _INTEGERS:
        value = _given(spec, name, 0)
        if type(value) is not int or not 0 <= value <= _MAX_INT32:
            return f"spec.{name} {value!r} is not an integer from 0 to 2^31-1"
    return ""


def _record(
    body: Mapping[str, Any], uid: str, version: int, annotations: Mapping[str, Any], spec: Mapping[str, Any]
) -> Record:
    text = annotations.get(TOKEN_ANNOTATION)
    token = parse_token(text)
    holder = _given(spec, "holderIdentity", "")
    return Record(
        uid=uid,
        version=version,
        holder=holder,
        duration_s=_given(spec, "leaseDurationSeconds", 0),
        transitions=_given(spec, "leaseTransitions", 0),
        acquire_time=_given(spec, "acquireTime", ""),
        renew_time=_given(spec, "renewTime", ""),
        token=token,
        token_garbled=text is not None and token == 0,
        released=holder == "" and token > 0 and parse_token(annotations.get(RELEASED_ANNOTATION)) == token,
        change_key=f"{uid}|{json.dumps(spec, sort_keys=True)}|{token}",
        body=body,
    )
