"""Owns Kubernetes Events, told through `v1` or `events.k8s.io/v1`: kept as they were posted, readable through both."""

from __future__ import annotations

from typing import Any

from leader_sidecar.devserver.decoding import (
    METADATA,
    Reader,
    as_bad_request,
    decode_json,
    read_microtime,
    read_object,
    read_section,
    read_text,
)
from leader_sidecar.devserver.status import FieldError, JsonObject, Resource, already_exists, bad_request, invalid
from leader_sidecar.devserver.store import Store
from leader_sidecar.devserver.validation import OTHER_NAMESPACE, check_metadata, give_name

CORE_EVENT = Resource("", "events", "Event")
EVENT = Resource("events.k8s.io", "events", "Event")

# One object with two sets of names: (core/v1, events.k8s.io/v1).
_NAMES = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
)
_TO_CORE = {new: core for core, new in _NAMES}
_FROM_CORE = dict(_NAMES)
_MOST_NOTE = 1024
_READERS: dict[str, Reader] = {
    **dict.fromkeys(("action", "note", "message", "reason", "reportingController", "reportingInstance"), read_text),
    **dict.fromkeys(("reportingComponent", "type"), read_text),
    **dict.fromkeys(("involvedObject", "regarding"), read_object("v1.ObjectReference")),
    "eventTime": read_microtime,
}


def create_event(store: Store, resource: Resource, namespace: str, body: bytes) -> JsonObject:
    """Answer a POST of an Event, in the form of the API that it was posted to.

    Raises: ApiError 400, 409, 422.
    """
    document = decode_json(body, resource)
    content = {key: value for key, value in document.items() if key not in ("kind", "apiVersion") and value is not None}
    try:
        metadata = read_section(document, "metadata", "ObjectMeta", METADATA)
        content |= {
            field: read(content[field], f"Event.{field}") for field, read in _READERS.items() if field in content
        }
    except ValueError as error:
        raise as_bad_request(resource, error) from None
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request(OTHER_NAMESPACE)
    give_name(metadata)
    content["metadata"] = metadata
    if resource is EVENT:
        content = _renamed(content, _TO_CORE)
    errors = _check(content, namespace, is_new=resource is EVENT)
    if errors:
        name = metadata.get("name", "")
        raise invalid("Event", name, errors, {**({"name": name} if name else {}), "kind": "Event"})
    if store.get(resource, namespace, metadata["name"]) is not None:
        raise already_exists(resource, metadata["name"])
    return as_posted(resource, store.create(CORE_EVENT, namespace, content))


def as_posted(resource: Resource, event: JsonObject) -> JsonObject:
    """Return a stored Event with the names of one of the two APIs."""
    return event if resource is CORE_EVENT else _renamed(event, _FROM_CORE)


def _check(event: JsonObject, namespace: str, *, is_new: bool) -> list[FieldError]:
    errors = [] if not is_new else _check_new(event)
    found = event.get("involvedObject", {}).get("namespace", "")
    if found != namespace and not (is_new and found):
        rule = f'Invalid value: "{found}": does not match event.namespace'
        errors.append(FieldError("involvedObject.namespace", rule))
    return errors + check_metadata(event["metadata"])


def _check_new(event: JsonObject) -> list[FieldError]:
    errors = []
    for field in ("eventTime", "reportingComponent", "reportingInstance", "action", "reason"):
        if not event.get(field):
            shown = "reportingController" if field == "reportingComponent" else field
            errors.append(FieldError(shown, "Required value", "FieldValueRequired"))
    if len(event.get("message", "").encode()) > _MOST_NOTE:
        errors.append(FieldError("message", f'Invalid value: "": can have at most {_MOST_NOTE} characters'))
    kind = event.get("type", "")
    if kind not in ("Normal", "Warning"):
        errors.append(FieldError("type", f'Invalid value: "": has invalid value: {kind}'))
    return errors


def _renamed(event: JsonObject, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in event.items()}
