"""Owns how the API says no: `Status` objects with the codes, reasons and messages of a real kube-apiserver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """Name one resource of the API as its URLs, its objects and its messages do."""

    group: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """Return the `apiVersion` of its objects."""
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def qualified(self) -> str:
        """Return the plural with its group, as in `leases.coordination.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def details(self, name: str, kind: str | None = None) -> JsonObject:
        """Return the `details` of a Status about one object."""
        group = {"group": self.group} if self.group else {}
        return {"name": name, **group, "kind": kind or self.plural}


@dataclass(frozen=True)
class FieldError:
    """One field that breaks a rule: `field` is its path, `message` what the API says of it."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


class ApiError(Exception):
    """Carry the Status that answers a request which cannot be served."""

    def __init__(self, code: int, message: str, reason: str = "", details: JsonObject | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self.status["message"] = message
        if reason:
            self.status["reason"] = reason
        if details is not None:
            self.status["details"] = details
        self.status["code"] = code


def bad_request(message: str) -> ApiError:
    """Make the 400 for a request that cannot be understood."""
    return ApiError(400, message, "BadRequest")


def not_found(resource: Resource, name: str) -> ApiError:
    """Make the 404 for an object that does not exist."""
    return ApiError(404, f'{resource.qualified} "{name}" not found', "NotFound", resource.details(name))


def no_such_path() -> ApiError:
    """Make the 404 for a path that no resource has."""
    return ApiError(404, "the server could not find the requested resource", "NotFound", {})


def method_not_allowed() -> ApiError:
    """Make the 405 for a method that a path does not have."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, message, "MethodNotAllowed", {})


def already_exists(resource: Resource, name: str) -> ApiError:
    """Make the 409 for a POST of a name that is taken."""
    return ApiError(409, f'{resource.qualified} "{name}" already exists', "AlreadyExists", resource.details(name))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    """Make the 409 for a precondition that does not hold."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, message, "Conflict", resource.details(name))


def expired(version: int, oldest: int) -> ApiError:
    """Make the 410 for a watch that begins before what is still known.

    Args:
        version: the resourceVersion asked for.
        oldest: the lowest one that a watch may begin at.
    """
    return ApiError(410, f"too old resource version: {version} ({oldest})", "Expired")


def invalid(qualified: str, name: str, errors: list[FieldError], details: JsonObject) -> ApiError:
    """Make the 422 that names every field in error.

    Args:
        qualified: what the message calls the object's type, as in `Lease.coordination.k8s.io`.
    """
    texts = [f"{error.field}: {error.message}" for error in errors]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = [{"reason": error.reason, "message": error.message, "field": error.field} for error in errors]
    return ApiError(422, f'{qualified} "{name}" is invalid: {text}', "Invalid", {**details, "causes": causes})
