"""Owns the wire format of admission: what the API server asks, and the answers there are.

Source: Kubernetes, admission.k8s.io/v1 AdmissionReview.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

API_VERSION = "admission.k8s.io/v1"
_MAX_WARNING = 256  # what API servers are sure to pass on


class MalformedReview(Exception):
    """The body is no AdmissionReview of v1; the message is one line."""


@dataclass(frozen=True, slots=True)
class Request:
    """One object on its way into the API.

    Args:
        uid: of the request, which the answer repeats.
        kind: such as `Pod`.
        namespace: the object's; a pod that is being made may not have it in its metadata yet.
        object: as it is to be written.
        old: as it was; None for a new one.
    """

    uid: str
    kind: str
    namespace: str
    object: Mapping[str, Any]
    old: Mapping[str, Any] | None


def read_review(body: bytes) -> Request:
    """Read the body of a webhook's request.

    Raises: MalformedReview.
    """
    try:
        review = json.loads(body)
        request = review["request"]
        if review["apiVersion"] != API_VERSION or not isinstance(request["object"], dict):
            raise MalformedReview(f"not an AdmissionReview of {API_VERSION} with an object")
        uid, kind, namespace = request["uid"], request["kind"]["kind"], request.get("namespace", "")
        if not all(isinstance(text, str) for text in (uid, kind, namespace)):
            raise MalformedReview("uid, kind and namespace are not strings")
        return Request(uid, kind, namespace, request["object"], request.get("oldObject"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedReview(f"not an AdmissionReview: {error!r}") from None


def admitted(
    request: Request, operations: Sequence[Mapping[str, Any]] = (), warnings: Iterable[str] = ()
) -> dict[str, Any]:
    """Let the object through, changed by a JSON Patch where there is one, with warnings for who made it."""
    response: dict[str, Any] = {"uid": request.uid, "allowed": True}
    if operations:
        patch = base64.b64encode(json.dumps(list(operations)).encode()).decode()
        response |= {"patchType": "JSONPatch", "patch": patch}
    if shown := [warning[:_MAX_WARNING] for warning in warnings]:
        response["warnings"] = shown
    return {"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response}


def refused(request: Request, message: str) -> dict[str, Any]:
    """Refuse the object; who made it reads the message."""
    status = {"code": 422, "reason": "Invalid", "message": message}
    response = {"uid": request.uid, "allowed": False, "status": status}
    return {"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response}
