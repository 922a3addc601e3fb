"""Owns Kubernetes Events, told through `v1` or `events.k8s.io/v1`: kept as they were posted, readable through both."""

from __future__ import annotations

from typing import Any

from leader_sidecar.devserver.decoding import as_bad_request, decode_json, read_microtime
from leader_sidecar.devserver.status import FieldError, JsonObject, Resource, already_exists, bad_request, invalid
from leader_sidecar.devserver.store import Store
from leader_sidecar.devserver.validation import check_metadata

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


def create_event(store: Store, resource: Resource, namespace: str, body: bytes) -> JsonObject:
    """Answer a POST of an Event, in the form of the API that it was posted to.

    Raises: ApiError 400, 409, 422.
    """
    document = decode_json(body, resource)
    content = {key: value for key, value in document.items() if key not in ("kind", "apiVersion") and value is not None}
    metadata = content.setdefault("metadata", {})
    if not isinstance(metadata, dict) or metadata.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if resource is EVENT:
        content = _renamed(content, _TO_CORE)
    try:
        if "eventTime" in content:
            content["eventTime"] = read_microtime(content["eventTime"], "Event.eventTime")
        errors = _check(content, namespace, is_new=resource is EVENT)
    except ValueError as error:
        raise as_bad_request(resource, error) from None
    if errors:
        name = str(metadata.get("name", ""))
        raise invalid("Event", name, errors, {"name": name, "kind": "Event"})
    if store.get(resource, namespace, metadata["name"]) is not None:
        raise already_exists(resource, metadata["name"])
    return as_posted(resource, store.create(CORE_EVENT, namespace, content))


def as_posted(resource: Resource, event: JsonObject) -> JsonObject:
    """Return a stored Event with the names of one of the two APIs."""
    return event if resource is CORE_EVENT else _renamed(event, _FROM_CORE)


def _check(event: JsonObject, namespace: str, *, is_new: bool) -> list[FieldError]:
    errors = [] if not is_new else _check_new(event)
    involved = event.get("involvedObject") or {}
    if not isinstance(involved, dict):
        raise ValueError("json: cannot unmarshal into Go struct field Event.involvedObject of type v1.ObjectReference")
    found = involved.get("namespace", "")
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
    if len(str(event.get("message", "")).encode()) > _MOST_NOTE:
        errors.append(FieldError("message", f'Invalid value: "": can have at most {_MOST_NOTE} characters'))
    kind = event.get("type", "")
    if kind not in ("Normal", "Warning"):
        errors.append(FieldError("type", f'Invalid value: "": has invalid value: {kind}'))
    return errors


def _renamed(event: JsonObject, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in event.items()}
