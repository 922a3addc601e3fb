"""Owns what `doctor` asks the API server: is it there, does it know us, may we do what is needed, and the Lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leader_sidecar.cli.api_asking import ApiAnswer, ApiServer
from leader_sidecar.cli.findings import Finding, hint, ok, skipped, wrong
from leader_sidecar.core.record import TOKEN_ANNOTATION, Malformed, Record, parse_record
from leader_sidecar.runtime.names import ElectionName

_SPEC = {"holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions"}
_WALL_CLOCKS_AGREE_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sidecar with these settings would want of the API.

    Args:
        elections: those that have a namespace.
        lease_duration_s: D, None where it could not be read.
    """

    elections: tuple[ElectionName, ...]
    lease_duration_s: int | None
    token_floor: int
    create_lease: bool
    events: bool


def reach_findings(api: ApiServer, wall_s: float) -> list[Finding]:
    """Look whether the API server answers and whether wall clocks agree.

    Args:
        wall_s: this machine's wall clock, seconds since 1970; shown, never decided on.

    Raises:
        NoAnswer: it does not; as every question to it may.
    """
    answer = api.ask("GET", "/version")
    version = answer.body.get("gitVersion") if isinstance(answer.body, Mapping) else None
    if answer.status in (401, 403) or version:
        findings = [ok("API server", f"{api.url} answers{f', Kubernetes {version}' if version else ''}")]
    else:
        findings = [
            hint("API server", f"{api.url} answers {answer.status} for /version: is this a Kubernetes API server?")
        ]
    if answer.date_s is not None and abs(wall_s - answer.date_s) > _WALL_CLOCKS_AGREE_S:
        apart_s = wall_s - answer.date_s
        way = "ahead of" if apart_s > 0 else "behind"
        findings.append(
            hint(
                "wall clock",
                f"{abs(apart_s):.0f}s {way} the API server's: times shown differ, no decision compares them",
            )
        )
    return findings


def identity_finding(api: ApiServer) -> tuple[Finding, str]:
    """Ask who we are to the API server; the name is "" where it does not tell."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = api.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    if answer.status == 401:
        return wrong("identity", "the API server does not accept our credentials (401)", api.new_token), ""
    name = _dig(answer.body, "status", "userInfo", "username")
    if answer.status != 201 or not isinstance(name, str):
        return skipped("identity", f"the API server does not say who we are ({answer.status})"), ""
    return ok("identity", f"the API server knows us as {name}"), name


def right_findings(api: ApiServer, wanted: Wanted, user: str) -> list[Finding]:
    """Ask what we may do, as the API server would decide it."""
    findings = [_lease_rights(api, election, user) for election in wanted.elections]
    for namespace in sorted({election.namespace for election in wanted.elections}):
        if wanted.create_lease:
            findings.append(_create_right(api, namespace, user))
        if wanted.events and _may(api, "create", "", "events", namespace) is False:
            findings.append(hint(f"events {namespace}", "creating Events is denied: changes are told in the log only"))
    return findings


def _lease_rights(api: ApiServer, election: ElectionName, user: str) -> Finding:
    check, verbs = f"rights {election}", ("get", "update", "watch")
    answers = {
        verb: _may(api, verb, "coordination.k8s.io", "leases", election.namespace, election.name) for verb in verbs
    }
    if None in answers.values():
        return skipped(check, "the API server does not answer access reviews")
    denied = [verb for verb, allowed in answers.items() if not allowed]
    if not denied:
        return ok(check, "get, update and watch are allowed")
    return wrong(
        check,
        f"{', '.join(denied)} on leases/{election.name} in {election.namespace} is denied to {user or 'us'}",
        _grant(
            election.namespace,
            f"leader-sidecar-{election.name}",
            ",".join(verbs),
            user,
            f" --resource-name={election.name}",
        ),
    )


def _create_right(api: ApiServer, namespace: str, user: str) -> Finding:
    check = f"create {namespace}"
    allowed = _may(api, "create", "coordination.k8s.io", "leases", namespace)
    if allowed is None:
        return skipped(check, "the API server does not answer access reviews")
    if allowed:
        return ok(check, "creating Leases is allowed")
    fix = _grant(namespace, "leader-sidecar-create", "create", user, "")
    return wrong(check, f"--create-lease is set and creating Leases in {namespace} is denied to {user or 'us'}", fix)


def _grant(namespace: str, role: str, verbs: str, user: str, narrower: str) -> str:
    account = user.removeprefix("system:serviceaccount:")
    subject = f"--user={user or 'USER'}" if account == user else f"--serviceaccount={account}"
    # Reconciled, not just created: a role of that name may be there already with too few verbs.
    make, apply = f"kubectl -n {namespace} create", "--dry-run=client -o yaml | kubectl auth reconcile -f -"
    return (
        f"{make} role {role} --verb={verbs} --resource=leases.coordination.k8s.io{narrower} {apply}"
        f" && {make} rolebinding {role} --role={role} {subject} {apply}"
    )


def _may(api: ApiServer, verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool | None:
    """Ask for one right; None where the API server does not say."""
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace, "name": name}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    allowed = _dig(answer.body, "status", "allowed")
    return allowed if answer.status == 201 and isinstance(allowed, bool) else None


def lease_findings(api: ApiServer, election: ElectionName, wanted: Wanted) -> list[Finding]:
    """Look at an election's Lease as a sidecar would read it."""
    check = f"Lease {election}"
    answer = api.ask("GET", f"/apis/coordination.k8s.io/v1/namespaces/{election.namespace}/leases/{election.name}")
    if answer.status == 404:
        return [_absent(check, answer, election, wanted)]
    if answer.status != 200:
        return [skipped(check, f"cannot be read ({answer.status} {answer.message})".replace(" )", ")"))]
    record = parse_record(answer.body)
    if isinstance(record, Malformed):
        fix = f"kubectl -n {election.namespace} edit lease {election.name}"
        return [wrong(check, f"cannot be used: {record.reason}", fix)]
    return [ok(check, _told(record)), *_peculiarities(check, record, wanted)]


def _absent(check: str, answer: ApiAnswer, election: ElectionName, wanted: Wanted) -> Finding:
    if not isinstance(answer.body, Mapping) or answer.body.get("kind") != "Status":
        return wrong(
            check, "404, but not from a Kubernetes API server", "kubectl get --raw /apis/coordination.k8s.io/v1"
        )
    if wanted.create_lease:
        return ok(check, "is absent; a sidecar will create it (--create-lease)")
    metadata = f'{{"namespace":"{election.namespace}","name":"{election.name}"}}'
    lease = f'{{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{metadata}}}'
    return wrong(check, "is absent, and --create-lease is off", f"echo '{lease}' | kubectl create -f -")


def _told(record: Record) -> str:
    holder = f"held by {record.holder} for {record.duration_s}s" if record.holder else "held by nobody"
    token = f"token {record.token}" if record.token else "no token yet"
    return f"{holder}, {token}, resourceVersion {record.version}"


def _peculiarities(check: str, record: Record, wanted: Wanted) -> list[Finding]:
    findings = []
    if record.token_garbled:
        findings.append(hint(check, f"the annotation {TOKEN_ANNOTATION} is garbled and counts as 0"))
    if record.token > wanted.token_floor + record.version:
        findings.append(
            wrong(
                check,
                f"token {record.token} is above resourceVersion + floor: after an etcd restore, tokens could repeat",
                f"leader-sidecar run --token-floor {record.token}",
            )
        )
    if record.holder and record.holder.count("_") != 2:
        findings.append(hint(check, "its holder is another kind of elector: side by side with one, two may lead"))
    if record.holder and wanted.lease_duration_s not in (None, record.duration_s):
        findings.append(
            hint(
                check,
                f"its holder counts {record.duration_s}s, these settings {wanted.lease_duration_s}s: the longer counts",
            )
        )
    foreign = sorted(set(record.body.get("spec") or {}) - _SPEC)
    if foreign:
        findings.append(hint(check, f"has fields of somebody else, which stay: {', '.join(foreign)}"))
    return findings


def _dig(body: Any, *keys: str) -> Any:
    for key in keys:
        body = body.get(key) if isinstance(body, Mapping) else None
    return body
