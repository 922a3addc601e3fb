"""Owns how a request's body becomes an object: JSON, its kind, its fields and their types, in the API's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from leader_sidecar.devserver.microtime import parse_microtime
from leader_sidecar.devserver.status import ApiError, JsonObject, Resource, bad_request

Reader = Callable[[Any, str], Any]
_INT32 = range(-(2**31), 2**31)
_STRUCT = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'


class WrongType(ValueError):
    """A field holds what its type cannot; the message is the API's."""


def _wrong(value: Any, path: str, wanted: str) -> WrongType:
    found = {bool: "bool", str: "string", list: "array", dict: "object"}.get(type(value))
    if found is None:
        found = f"number {value}" if wanted == "int32" else "number"
    return WrongType(f"json: cannot unmarshal {found} into Go struct field {path} of type {wanted}")


def read_text(value: Any, path: str) -> str:
    """Return a string field's value, or raise WrongType."""
    if not isinstance(value, str):
        raise _wrong(value, path, "string")
    return value


def read_int32(value: Any, path: str) -> int:
    """Return an int32 field's value, or raise WrongType; `1.0` is not one."""
    if type(value) is not int or value not in _INT32:
        raise _wrong(value, path, "int32")
    return value


def read_microtime(value: Any, path: str) -> str:
    """Return a MicroTime field's value in UTC, or raise ValueError."""
    return parse_microtime(read_text(value, path))


def read_text_map(value: Any, path: str) -> dict[str, str]:
    """Return a map of strings, where null is the empty string, or raise WrongType."""
    if not isinstance(value, dict):
        raise _wrong(value, path, "map[string]string")
    return {key: "" if item is None else read_text(item, path) for key, item in value.items()}


def read_list(kind: str, item_type: type) -> Reader:
    """Make the reader of a list; `kind` is the API's name for the type of its items, which are kept as they are."""

    def read(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(value, path, f"[]{kind}")
        for item in value:
            if not isinstance(item, item_type):
                raise _wrong(item, path, kind)
        return value

    return read


def read_object(kind: str) -> Reader:
    """Make the reader of an object whose fields are kept as they are; `kind` is the API's name for its type."""

    def read(value: Any, path: str) -> JsonObject:
        if not isinstance(value, dict):
            raise _wrong(value, path, kind)
        return value

    return read


METADATA: dict[str, Reader] = {
    **dict.fromkeys(("name", "generateName", "namespace", "uid", "resourceVersion"), read_text),
    "creationTimestamp": read_text,
    **dict.fromkeys(("labels", "annotations"), read_text_map),
    "ownerReferences": read_list("v1.OwnerReference", dict),
    "finalizers": read_list("string", str),
}
# Understood and left out: the server's own bookkeeping.
METADATA_IGNORED = frozenset(
    {"managedFields", "selfLink", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}
)


def decode_json(body: bytes, resource: Resource) -> JsonObject:
    """Read a body as one JSON object of the resource's kind; a body that names no kind is taken for it.

    Raises: ApiError 400.
    """
    try:
        # Decimal keeps `15.0` apart from `15` and shows it as it was written.
        document = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _unrecognized(resource, f"json parse error: {error}", body) from None
    if document is None:
        document = {}
    if not isinstance(document, dict):
        found = {str: "string", list: "array", bool: "bool"}.get(type(document), "number")
        why = f"json parse error: json: cannot unmarshal {found} into Go value of type {_STRUCT}"
        raise _unrecognized(resource, why, body)
    kind = document.get("kind") or resource.kind
    api_version = document.get("apiVersion") or resource.api_version
    if (kind, api_version) != (resource.kind, resource.api_version):
        why = f'no kind "{kind}" is registered for version "{api_version}"'
        raise _cannot_be_handled(resource, why, found=kind)
    return document


def read_section(document: JsonObject, section: str, struct: str, fields: dict[str, Reader]) -> JsonObject:
    """Return the known, non-null fields of `document[section]`, each read by its reader.

    Args:
        struct: what the API's messages call the section's type.
    Raises: ValueError with the API's message.
    """
    value = document.get(section)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(value, f"{document.get('kind') or 'Lease'}.{section}", f"v1.{struct}")
    known = {name: value[name] for name in fields if value.get(name) is not None}
    return {name: fields[name](item, f"{struct}.{section}.{name}") for name, item in known.items()}


def as_bad_request(resource: Resource, error: ValueError) -> ApiError:
    """Make the 400 for a field of a wrong type."""
    return _cannot_be_handled(resource, str(error))


def refuse_unknown(resource: Resource, unknown: list[str]) -> ApiError:
    """Make the 400 that `fieldValidation=Strict` asks for."""
    listed = ", ".join(f'unknown field "{field}"' for field in unknown)
    return _cannot_be_handled(resource, f"strict decoding error: {listed}")


def _cannot_be_handled(resource: Resource, why: str, found: Any = None) -> ApiError:
    return bad_request(f'{found or resource.kind} in version "v1" cannot be handled as a {resource.kind}: {why}')


def _unrecognized(resource: Resource, why: str, body: bytes) -> ApiError:
    shown = body[:200].decode(errors="replace") if body.startswith(b"{") else body[:200].hex() or "<empty>"
    start = f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind"
    return bad_request(f"{start}; {why} ({shown})")


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"invalid character {text[0]!r} looking for beginning of value")
