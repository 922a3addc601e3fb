"""Owns the objects that an election needs: how each should be, and whether one that is there must be written again."""

from collections.abc import Mapping
from typing import Any

from leader_sidecar.operator.resource import (
    ELECTION_LABEL,
    GROUP,
    MANAGED_BY_LABEL,
    MANAGER,
    VERSION,
    LeaderElection,
    leader_label,
)

_RBAC_GROUP = "rbac.authorization.k8s.io"
_RULES = "rules", "subjects", "roleRef"


def new_lease(election: LeaderElection) -> dict[str, Any]:
    """Make the unheld Lease: metadata alone, for the spec and two annotations are the sidecars' own.

    Only a Lease that is to go with its LeaderElection is owned by it. It is written once and never again: every change
    would cost its leader a read.
    """
    metadata = _metadata(election, election.name)
    if election.keep_lease:
        del metadata["ownerReferences"]
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def role(election: LeaderElection) -> dict[str, Any]:
    """Make the Role: what a sidecar does to this one Lease, and Events of it."""
    lease = {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": [election.name],
        "verbs": ["get", "update", "watch"],
    }
    events = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]}
    metadata = _metadata(election, access_name(election))
    return {"apiVersion": f"{_RBAC_GROUP}/v1", "kind": "Role", "metadata": metadata, "rules": [lease, events]}


def role_binding(election: LeaderElection) -> dict[str, Any]:
    """Make the RoleBinding: the accounts whose pods may stand."""
    subjects = [
        {"kind": "ServiceAccount", "name": name, "namespace": election.namespace} for name in election.service_accounts
    ]
    name = access_name(election)
    return {
        "apiVersion": f"{_RBAC_GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(election, name),
        "roleRef": {"apiGroup": _RBAC_GROUP, "kind": "Role", "name": name},
        "subjects": subjects,
    }


def service(election: LeaderElection) -> dict[str, Any]:
    """Make the Service that selects nobody but who carries the leader's label."""
    spec: dict[str, Any] = {"selector": {leader_label(election.name): "true"}}
    spec |= {"ports": [dict(port) for port in election.ports]} if election.ports else {"clusterIP": "None"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(election, service_name(election)),
        "spec": spec,
    }


def access_name(election: LeaderElection) -> str:
    """Name Role and RoleBinding. A chart that brings its own calls them NAME-leader-sidecar."""
    return f"{election.name}-leader-election"


def service_name(election: LeaderElection) -> str:
    """Name the Service."""
    return f"{election.name}-leader"


def belongs(found: Mapping[str, Any], election: LeaderElection) -> bool:
    """Tell whether an object was made for an election of this name, be it an earlier one."""
    labels = found["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY_LABEL) == MANAGER and labels.get(ELECTION_LABEL) == election.name


def merged(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Put what is wanted into an object that is there; None where nothing is missing.

    Labels and annotations of others stay, and so does what the API server filled in.
    """
    metadata = {**found["metadata"], "ownerReferences": wanted["metadata"]["ownerReferences"]}
    metadata["labels"] = {**(found["metadata"].get("labels") or {}), **wanted["metadata"]["labels"]}
    result = {**found, "metadata": metadata}
    for name in _RULES:
        if name in wanted and wanted[name] != (found.get(name) or []):
            result[name] = wanted[name]
    if "spec" in wanted:
        result["spec"] = _service_spec(found["spec"], wanted["spec"])
    return None if result == found else result


def must_be_made_anew(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether a Service has to become headless, or to cease being it, which the API does not let it."""
    there, asked = found["spec"].get("clusterIP"), wanted["spec"].get("clusterIP")
    return (there == "None") is not (asked == "None")


def _service_spec(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    spec = {**found, "selector": wanted["selector"]}
    there, asked = found.get("ports") or [], wanted.get("ports") or []
    same = len(there) == len(asked) and all(port == {**port, **want} for port, want in zip(there, asked, strict=True))
    if not same:
        spec["ports"] = asked
    return spec


def _metadata(election: LeaderElection, name: str) -> dict[str, Any]:
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "LeaderElection",
        "name": election.name,
        "uid": election.uid,
        "controller": True,
    }
    labels = {MANAGED_BY_LABEL: MANAGER, ELECTION_LABEL: election.name}
    return {"namespace": election.namespace, "name": name, "labels": labels, "ownerReferences": [owner]}
