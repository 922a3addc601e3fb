"""Owns the reading of a LeaderElection, and the names of everything that belongs to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from leader_sidecar.runtime.durations import parse_duration

GROUP, VERSION, PLURAL = "leader-sidecar.io", "v1alpha1", "leaderelections"
LABEL_PREFIX = "leader-of.leader-sidecar.io/"
LEADS_LABEL = "leader-sidecar.io/leads"
"""On every pod that carries a label of that prefix: the API server finds pods by whole names of labels only."""

ELECTION_LABEL = "leader-sidecar.io/election"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "leader-sidecar-operator"

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class LeaderElection:
    """One version of the resource.

    Args:
        version: its resourceVersion, the precondition of every write of its status.
        lease_duration_s: D as the resource has it; the record may say another.
        ports: of the Service, as the resource has them; empty for a headless one.
        deleting: it is on its way out.
        status: as the resource has it; the operator's own earlier words, which anybody may have edited.
    """

    namespace: str
    name: str
    uid: str
    version: int
    generation: int
    lease_duration_s: float
    service_accounts: tuple[str, ...]
    leader_label: bool
    service: bool
    ports: Sequence[Mapping[str, Any]]
    adopt: bool
    keep_lease: bool
    deleting: bool
    status: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> Key:
        return self.namespace, self.name

    @property
    def path(self) -> str:
        return resource_path(self.key)

    @property
    def based_on(self) -> dict[str, Any]:
        """What a write that was made from this version names."""
        return {"metadata": {"uid": self.uid, "resourceVersion": str(self.version)}}


def read_resource(body: Any) -> LeaderElection:
    """Read a LeaderElection as the API server answered it.

    Raises: ValueError in one line where a field is not what the CRD promises, as when the CRD is of another version.
    """
    try:
        metadata, spec = body["metadata"], body["spec"]
        service = spec["service"]
        status = body.get("status") or {}
        return LeaderElection(
            namespace=str(metadata["namespace"]),
            name=str(metadata["name"]),
            uid=str(metadata["uid"]),
            version=int(metadata["resourceVersion"]),
            generation=int(metadata["generation"]),
            lease_duration_s=parse_duration(spec["leaseDuration"]),
            service_accounts=tuple(map(str, spec["serviceAccounts"])),
            leader_label=bool(spec["leaderLabel"]),
            service=bool(service["enabled"]),
            ports=tuple(dict(port) for port in service["ports"]),
            adopt=bool(spec["adopt"]),
            keep_lease=spec["leaseDeletionPolicy"] != "Delete",
            deleting="deletionTimestamp" in metadata,
            status=status if isinstance(status, Mapping) else {},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a LeaderElection of this version: {error!r}: upgrade its CRD") from error


def key_of(body: Any) -> Key:
    """Return namespace and name of any object of a watch."""
    return str(body["metadata"]["namespace"]), str(body["metadata"]["name"])


def leader_label(name: str) -> str:
    """Name the label that the leader's pod carries."""
    return LABEL_PREFIX + name


def elections_of(labels: Mapping[str, str]) -> list[str]:
    """Return the names of the elections that a pod with these labels is said to lead."""
    return [label.removeprefix(LABEL_PREFIX) for label in labels if label.startswith(LABEL_PREFIX)]


def resource_path(key: Key) -> str:
    """Return the path of a LeaderElection."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{quote(key[0])}/{PLURAL}/{quote(key[1])}"


def lease_path(namespace: str, name: str = "") -> str:
    """Return the path of a Lease, or of all of a namespace."""
    return _path("/apis/coordination.k8s.io/v1", namespace, "leases", name)


def role_path(namespace: str, name: str = "") -> str:
    """Return the path of a Role, or of all of a namespace."""
    return _path("/apis/rbac.authorization.k8s.io/v1", namespace, "roles", name)


def binding_path(namespace: str, name: str = "") -> str:
    """Return the path of a RoleBinding, or of all of a namespace."""
    return _path("/apis/rbac.authorization.k8s.io/v1", namespace, "rolebindings", name)


def service_path(namespace: str, name: str = "") -> str:
    """Return the path of a Service, or of all of a namespace."""
    return _path("/api/v1", namespace, "services", name)


def pod_path(namespace: str, name: str = "") -> str:
    """Return the path of a pod, or of all of a namespace."""
    return _path("/api/v1", namespace, "pods", name)


def _path(api: str, namespace: str, plural: str, name: str) -> str:
    return f"{api}/namespaces/{quote(namespace)}/{plural}" + (f"/{quote(name)}" if name else "")
