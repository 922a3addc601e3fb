"""Owns what the server says of itself: its version, its health, its resources, and what a client may do."""

from __future__ import annotations

import platform
from typing import Any

from leader_sidecar.devserver.decoding import decode_json
from leader_sidecar.devserver.events import CORE_EVENT, EVENT
from leader_sidecar.devserver.leases import LEASE
from leader_sidecar.devserver.status import FieldError, JsonObject, Resource, invalid

REVIEW = Resource("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview")

# The release whose answers the contract suite compares this server's with.
VERSION: JsonObject = {
    "major": "1",
    "minor": "37",
    "gitVersion": "v1.37.2+leader-sidecar-devserver",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": f"{platform.system().lower()}/{platform.machine()}",
}
_GROUPS = ("coordination.k8s.io", "events.k8s.io", "authorization.k8s.io")


def api_versions() -> JsonObject:
    """Return the answer to `/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def api_group_list() -> JsonObject:
    """Return the answer to `/apis`."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _GROUPS]}


def api_group(name: str) -> JsonObject | None:
    """Return the answer to `/apis/GROUP`, or None for a group that is not served."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)} if name in _GROUPS else None


def api_resource_list(group: str) -> JsonObject | None:
    """Return the answer to `/apis/GROUP/v1` (or, for the empty group, to `/api/v1`), or None for an unknown group."""
    resources = {
        "coordination.k8s.io": [_resource(LEASE, "lease", ["create", "delete", "get", "list", "update", "watch"])],
        "events.k8s.io": [_resource(EVENT, "event", ["create", "get", "list"])],
        "authorization.k8s.io": [_resource(REVIEW, "selfsubjectaccessreview", ["create"], namespaced=False)],
        "": [_resource(CORE_EVENT, "event", ["create", "get", "list"])],
    }
    if group not in resources:
        return None
    group_version = f"{group}/v1" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources[group]}


def review_access(body: bytes) -> JsonObject:
    """Answer a SelfSubjectAccessReview: who got this far may do everything.

    Raises: ApiError 400, 422.
    """
    spec: Any = decode_json(body, REVIEW).get("spec")
    asked = [
        field for field in ("resourceAttributes", "nonResourceAttributes") if isinstance(spec, dict) and spec.get(field)
    ]
    if len(asked) != 1:
        rule = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        error = FieldError("spec", f"Invalid value: null: {rule}")
        raise invalid(f".{REVIEW.group}", "", [error], {"group": REVIEW.group})
    reason = "the development server has no rules but its token"
    head = {"kind": REVIEW.kind, "apiVersion": REVIEW.api_version, "metadata": {}}
    return {**head, "spec": spec, "status": {"allowed": True, "reason": reason}}


def _group(name: str) -> JsonObject:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resource(resource: Resource, singular: str, verbs: list[str], *, namespaced: bool = True) -> JsonObject:
    name = {"name": resource.plural, "singularName": singular, "namespaced": namespaced, "kind": resource.kind}
    return {**name, "verbs": verbs}
