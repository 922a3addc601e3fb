"""Owns which objects a request means: the field selectors and the numbers in its query."""

from __future__ import annotations

from collections.abc import Mapping

from leader_sidecar.devserver.status import JsonObject, bad_request

_FIELDS = {"metadata.name": "name", "metadata.namespace": "namespace"}
_MOST_UINT64 = 2**64 - 1


class Selector:
    """Choose objects of one namespace (or all) by `metadata.name` and `metadata.namespace`.

    Args:
        namespace: from the path, or None for all.
        expression: the query's `fieldSelector`: `=`, `==` and `!=`, joined by commas.
    Raises: ApiError 400 for an expression that the API does not understand.
    """

    def __init__(self, namespace: str | None, expression: str = "") -> None:
        self.namespace = namespace
        self._terms = [_read_term(term) for term in expression.split(",") if term]

    def takes(self, namespace: str, name: str) -> bool:
        """Say whether an object is meant."""
        if self.namespace not in (None, namespace):
            return False
        values = {"namespace": namespace, "name": name}
        return all((values[field] == value) == wanted for field, value, wanted in self._terms)

    def takes_object(self, item: JsonObject) -> bool:
        """Say whether an object is meant."""
        return self.takes(item["metadata"]["namespace"], item["metadata"]["name"])


def _read_term(term: str) -> tuple[str, str, bool]:
    for operator in ("!=", "==", "="):
        field, found, value = term.partition(operator)
        if found:
            break
    else:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    if field not in _FIELDS:
        known = ", ".join(f'"{name}"' for name in _FIELDS)
        raise bad_request(f'"{field}" is not a known field selector: only {known}')
    return _FIELDS[field], value, operator != "!="


def refuse_what_is_missing(query: Mapping[str, str]) -> None:
    """Refuse what a real server would do and this one cannot, rather than answer as if it had been done.

    Raises: ApiError 400.
    """
    for name in ("labelSelector", "dryRun", "continue"):
        if query.get(name):
            raise bad_request(f"the development server has no {name}: use a real cluster for it")


def parse_version(text: str) -> int:
    """Read a resourceVersion; absent or empty means 0.

    Raises: ValueError with the API's message.
    """
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    # Longer texts are out of range too, and costly to read.
    if len(text) > 20 or int(text) > _MOST_UINT64:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def parse_timeout_s(text: str) -> int | None:
    """Read `timeoutSeconds`; absent and 0 mean none.

    Raises: ApiError 400.
    """
    try:
        return int(text) or None if text else None
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def is_true(text: str | None) -> bool:
    """Read a boolean of the query as the API does: present and neither `0` nor `false` is true."""
    return text is not None and text.lower() not in ("0", "false")
