"""Owns what a Lease is, and by which rules one is created, replaced and deleted."""

from __future__ import annotations

import json
from typing import Any

from leader_sidecar.devserver.decoding import (
    METADATA,
    METADATA_IGNORED,
    Reader,
    as_bad_request,
    decode_json,
    read_int32,
    read_microtime,
    read_section,
    read_text,
    refuse_unknown,
)
from leader_sidecar.devserver.selection import parse_version
from leader_sidecar.devserver.status import (
    ApiError,
    FieldError,
    JsonObject,
    Resource,
    bad_request,
    conflict,
    invalid,
    not_found,
)
from leader_sidecar.devserver.store import Store
from leader_sidecar.devserver.validation import OTHER_NAMESPACE, check_metadata, give_name

LEASE = Resource("coordination.k8s.io", "leases", "Lease")
_KIND = "Lease.coordination.k8s.io"

_SPEC: dict[str, Reader] = {
    "holderIdentity": read_text,
    "leaseDurationSeconds": read_int32,
    "acquireTime": read_microtime,
    "renewTime": read_microtime,
    "leaseTransitions": read_int32,
}
# Known to the API, behind feature gates that are off: left out without a word.
_SPEC_IGNORED = frozenset({"strategy", "preferredHolder"})
_OWNED_BY_SERVER = ("namespace", "uid", "creationTimestamp")


def decode_lease(body: bytes, *, strict: bool = False) -> tuple[JsonObject, list[str]]:
    """Read a Lease from a request's body.

    Args:
        strict: refuse unknown fields (`fieldValidation=Strict`).
    Returns: metadata and spec with the fields that the API knows, and the paths of those it does not.
    Raises: ApiError 400.
    """
    document = decode_json(body, LEASE)
    try:
        metadata = read_section(document, "metadata", "ObjectMeta", METADATA)
        spec = read_section(document, "spec", "LeaseSpec", _SPEC)
    except ValueError as error:
        raise as_bad_request(LEASE, error) from None
    unknown = [field for field in document if field not in ("kind", "apiVersion", "metadata", "spec")]
    unknown += _unknown(document, "metadata", METADATA.keys() | METADATA_IGNORED)
    unknown += _unknown(document, "spec", _SPEC.keys() | _SPEC_IGNORED)
    if unknown and strict:
        raise refuse_unknown(LEASE, unknown)
    # Empty ones are left out of every answer; an empty holder is a value.
    return {"metadata": {name: value for name, value in metadata.items() if value}, "spec": spec}, unknown


def create_lease(store: Store, namespace: str, lease: JsonObject) -> JsonObject:
    """Answer a POST.

    Raises: ApiError 400, 409, 422, and 500 for a resourceVersion, as the real server answers it.
    """
    metadata = lease["metadata"]
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request(OTHER_NAMESPACE)
    give_name(metadata)
    _check(lease)
    if metadata.get("resourceVersion"):
        raise ApiError(500, "resourceVersion should not be set on objects to be created")
    return store.create(LEASE, namespace, lease)


def replace_lease(store: Store, namespace: str, name: str, lease: JsonObject) -> tuple[int, JsonObject]:
    """Answer a PUT: replace the Lease, or create it where it is missing and no uid is insisted on.

    Returns: 200 or 201, and the Lease.
    Raises: ApiError 400, 409, 422, and 500 for a garbled resourceVersion, as the real server answers it.
    """
    metadata = lease["metadata"]
    _check_place(metadata, namespace, name)
    current = store.get(LEASE, namespace, name)
    _check_uid(metadata.get("uid", ""), current, namespace, name)
    try:
        version = parse_version(metadata.get("resourceVersion", ""))
    except ValueError as error:
        raise ApiError(500, str(error)) from None
    if current is None:
        _check(lease)
        return 201, store.create(LEASE, namespace, lease)
    if version == 0:
        missing = FieldError("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
        raise invalid(LEASE.qualified, name, [missing], LEASE.details(name))
    store.require_version(LEASE, current, version)
    kept = {field: current["metadata"][field] for field in (*_OWNED_BY_SERVER, "resourceVersion")}
    content = {"metadata": {**metadata, **kept}, "spec": lease["spec"]}
    _check(content)
    return 200, store.replace(LEASE, current, content)


def delete_lease(store: Store, namespace: str, name: str, body: bytes) -> JsonObject:
    """Answer a DELETE, with the preconditions that its body may carry. Finalizers do not hold it back here.

    Returns: a Status of success.
    Raises: ApiError 400, 404, 409.
    """
    wanted = _preconditions(body)
    current = store.get(LEASE, namespace, name)
    if current is None:
        raise not_found(LEASE, name)
    for field, title, since in (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ):
        value, found = wanted.get(field), current["metadata"][field]
        if value is not None and value != found:
            why = f"the {title} in the precondition ({value}) does not match the {title} in record ({found}). {since}"
            details = LEASE.details(name, "Lease")
            raise ApiError(409, f'Operation cannot be fulfilled on {_KIND} "{name}": {why}', "Conflict", details)
    store.delete(LEASE, current)
    details = {**LEASE.details(name), "uid": current["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _check_place(metadata: JsonObject, namespace: str, name: str) -> None:
    if "name" not in metadata:
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if metadata["name"] != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request(OTHER_NAMESPACE)


def _check_uid(uid: str, current: JsonObject | None, namespace: str, name: str) -> None:
    found = current["metadata"]["uid"] if current is not None else ""
    if uid and uid != found:
        why = (
            f"StorageError: invalid object, Code: 4, Key: /registry/leases/{namespace}/{name}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
        )
        raise conflict(LEASE, name, why)


def _check(lease: JsonObject) -> None:
    errors = check_metadata(lease["metadata"])
    spec = lease["spec"]
    for field, lowest, rule in (
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ):
        if spec.get(field, lowest) < lowest:
            errors.append(FieldError(f"spec.{field}", f"Invalid value: {spec[field]}: {rule}"))
    if errors:
        name = lease["metadata"].get("name", "")
        details = LEASE.details(name, "Lease")
        if not name:
            del details["name"]
        raise invalid(_KIND, name, errors, details)


def _preconditions(body: bytes) -> JsonObject:
    try:
        options: Any = json.loads(body) if body else {}
        wanted = options.get("preconditions") or {}
        wanted.get("uid")
    except (ValueError, AttributeError, RecursionError):
        raise bad_request("the body of a DELETE must be DeleteOptions, or nothing") from None
    return dict(wanted)


def _unknown(document: JsonObject, section: str, known: frozenset[str] | set[str]) -> list[str]:
    return [f"{section}.{field}" for field in document.get(section) or {} if field not in known]
