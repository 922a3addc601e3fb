"""Owns that an election's Lease is there and whose it is, and that the rights on it and its Service are as asked.

The order matters to an operator that is killed between two writes: that a Lease of somebody else's making is this
election's is written down before anybody is given a right to it, so that it is not taken for a stranger's afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leader_sidecar.core.record import Malformed, Record, parse_record
from leader_sidecar.operator import objects
from leader_sidecar.operator.requests import Requests
from leader_sidecar.operator.resource import (
    LeaderElection,
    binding_path,
    lease_path,
    read_resource,
    role_path,
    service_path,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an election is not ready; `reason` is one word for machines, `message` a sentence that names the fix."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Access:
    """What was found and made.

    Args:
        election: the newest version of the resource.
        record: the Lease as it is, None where it is malformed.
        fault: None where all is as it should be.
    """

    election: LeaderElection
    record: Record | None
    fault: Fault | None


async def settle_access(requests: Requests, election: LeaderElection) -> Access:
    """Look at everything that an election needs, and make what is missing.

    Raises: Interrupted, NotLeading.
    """
    namespace, name = election.key
    lease = await requests.get(lease_path(namespace, name))
    if lease is None:
        lease = await requests.create(lease_path(namespace), objects.new_lease(election))
    record = parse_record(lease)
    fault = _stranger(election, lease, record)
    if isinstance(record, Malformed):
        return Access(election, None, fault or Fault("LeaseMalformed", f"its Lease is malformed: {record.reason}"))
    if fault is None and not objects.belongs(lease, election) and lease_uid(election) != record.uid:
        election = await _write_down(requests, election, record.uid)
    fault = fault or await _settle_rights(requests, election) or await _settle_service(requests, election)
    return Access(election, record, fault)


def lease_uid(election: LeaderElection) -> str:
    """Return the uid of the Lease that the resource has on record, "" for none."""
    lease = election.status.get("lease")
    return str(lease.get("uid", "")) if isinstance(lease, Mapping) else ""


def _stranger(election: LeaderElection, lease: Mapping[str, Any], record: Record | Malformed) -> Fault | None:
    """Say why a Lease is not this election's; None where it is.

    Who may make a LeaderElection must not gain rights on a Lease that others lead by, as kube-system's do.
    """
    if election.adopt or objects.belongs(lease, election) or lease["metadata"]["uid"] == lease_uid(election):
        return None
    if isinstance(record, Record) and not record.holder:
        return None
    holder = record.holder if isinstance(record, Record) else "somebody"
    return Fault(
        "LeaseHeldByAnother",
        f"the Lease {election.name} was made by somebody else and is held by {holder}: "
        "set adopt: true to have it all the same, or choose another name",
    )


async def _write_down(requests: Requests, election: LeaderElection, uid: str) -> LeaderElection:
    change = {"status": {"lease": {"uid": uid}}}
    return read_resource(await requests.patch(f"{election.path}/status", election.based_on, change))


async def _settle_rights(requests: Requests, election: LeaderElection) -> Fault | None:
    namespace = election.namespace
    return await _settle(requests, election, role_path(namespace), objects.role(election)) or await _settle(
        requests, election, binding_path(namespace), objects.role_binding(election)
    )


async def _settle_service(requests: Requests, election: LeaderElection) -> Fault | None:
    wanted, folder = objects.service(election), service_path(election.namespace)
    if not election.service and election.status.get("observedGeneration") == election.generation:
        return None  # whatever was there went when this generation was first looked at
    path = service_path(election.namespace, objects.service_name(election))
    found = await requests.get(path)
    unwanted = not election.service or (found is not None and objects.must_be_made_anew(found, wanted))
    if found is not None and unwanted and objects.belongs(found, election):
        await requests.delete(path, found)
        found = None
    if not election.service:
        return None
    return await _write(requests, election, folder, found, wanted)


async def _settle(requests: Requests, election: LeaderElection, folder: str, wanted: dict[str, Any]) -> Fault | None:
    found = await requests.get(f"{folder}/{wanted['metadata']['name']}")
    return await _write(requests, election, folder, found, wanted)


async def _write(
    requests: Requests, election: LeaderElection, folder: str, found: dict[str, Any] | None, wanted: dict[str, Any]
) -> Fault | None:
    kind, name = wanted["kind"], wanted["metadata"]["name"]
    if found is None:
        await requests.create(folder, wanted)
    elif not objects.belongs(found, election):
        return Fault("NameTaken", f"a {kind} {name} is there and was not made for this election: delete or rename it")
    else:
        changed = objects.merged(found, wanted)
        if changed is not None:
            await requests.replace(f"{folder}/{name}", changed)
    return None
