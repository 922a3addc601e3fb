"""Owns the rules for names, labels and annotations, which are the same for every object of the API."""

from __future__ import annotations

import re
import secrets

from leader_sidecar.devserver.status import FieldError, JsonObject

OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_NAME_PART = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = rf"({_NAME_PART})?"
_MOST_NAME = 253
_MOST_NAME_PART = 63
_MOST_ANNOTATION_BYTES = 262144
# Without vowels and look-alikes, so that no word arises; the prefix is cut so that all of it fits a label.
_RANDOM_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_RANDOM_COUNT = 5
_MUST_NOT_BE_EMPTY = "Required value: must not be empty"

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_NAME_PART_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME_PART}')"
)
_QUALIFIED_RULE = (
    _NAME_PART_RULE.replace("name part", "a valid label key", 1)
    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)
_LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_LABEL_VALUE}')"
)


def give_name(metadata: JsonObject) -> None:
    """Make a name from `generateName` for metadata that has no name of its own."""
    prefix = metadata.get("generateName", "")
    if prefix and not metadata.get("name"):
        ending = "".join(secrets.choice(_RANDOM_LETTERS) for _ in range(_RANDOM_COUNT))
        metadata["name"] = prefix[: _MOST_NAME_PART - _RANDOM_COUNT] + ending


def name_faults(name: str) -> list[str]:
    """Return what is wrong with an object's name, in the API's words."""
    faults = []
    if len(name) > _MOST_NAME:
        faults.append(f"must be no more than {_MOST_NAME} characters")
    if not re.fullmatch(_SUBDOMAIN, name, re.ASCII):
        faults.append(_SUBDOMAIN_RULE)
    return faults


def _prefix_faults(prefix: str) -> list[str]:
    # A prefix may end with the dash that a name may not end with.
    return name_faults(prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix) if prefix else []


def check_metadata(metadata: JsonObject) -> list[FieldError]:
    """Return every rule that an object's metadata breaks."""
    name = metadata.get("name", "")
    if not name:
        required = "Required value: name or generateName is required"
        return [FieldError("metadata.name", required, "FieldValueRequired")]
    prefix = metadata.get("generateName", "")
    errors = [_invalid("metadata.generateName", prefix, fault) for fault in _prefix_faults(prefix)]
    errors += [_invalid("metadata.name", name, fault) for fault in name_faults(name)]
    for key, value in metadata.get("labels", {}).items():
        errors += [_invalid("metadata.labels", key, fault) for fault in _key_faults(key)]
        if len(value) > _MOST_NAME_PART:
            errors.append(_invalid("metadata.labels", value, f"must be no more than {_MOST_NAME_PART} bytes"))
        if not re.fullmatch(_LABEL_VALUE, value, re.ASCII):
            errors.append(_invalid("metadata.labels", value, _LABEL_VALUE_RULE))
    for index, owner in enumerate(metadata.get("ownerReferences", [])):
        path = f"metadata.ownerReferences[{index}]"
        missing = [field for field in ("apiVersion", "kind", "name", "uid") if not owner.get(field)]
        errors += [FieldError(f"{path}.{field}", _MUST_NOT_BE_EMPTY, "FieldValueRequired") for field in missing]
    return errors + _check_annotations(metadata.get("annotations", {}))


def _check_annotations(annotations: dict[str, str]) -> list[FieldError]:
    errors = []
    for key in annotations:
        # The API takes capitals in the prefix of an annotation's key, not in that of a label's.
        errors += [_invalid("metadata.annotations", key, fault) for fault in _key_faults(key.lower())]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _MOST_ANNOTATION_BYTES:
        too_long = f"Too long: may not be more than {_MOST_ANNOTATION_BYTES} bytes"
        errors.append(FieldError("metadata.annotations", too_long, "FieldValueTooLong"))
    return errors


def _key_faults(key: str) -> list[str]:
    prefix, slash, name = key.rpartition("/")
    faults = []
    if slash:
        if "/" in prefix:
            return [_QUALIFIED_RULE]
        faults = ["prefix part must be non-empty"] if not prefix else [f"prefix part {f}" for f in name_faults(prefix)]
    if not name:
        faults.append("name part must be non-empty")
    elif len(name) > _MOST_NAME_PART:
        faults.append(f"name part must be no more than {_MOST_NAME_PART} bytes")
    if not re.fullmatch(_NAME_PART, name, re.ASCII):
        faults.append(_NAME_PART_RULE)
    return faults


def _invalid(field: str, value: str, fault: str) -> FieldError:
    return FieldError(field, f'Invalid value: "{value}": {fault}')
