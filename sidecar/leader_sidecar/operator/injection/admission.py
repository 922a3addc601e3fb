"""Owns the answer to one admission review: what the pure rules decide, turned into allowed, warned or refused.

Nothing is written here, so that a dry run changes nothing: Events are the business of `missing.py`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from leader_sidecar.kube.log import Log
from leader_sidecar.operator.injection.asked import Faults, named_election
from leader_sidecar.operator.injection.configuration import Injection
from leader_sidecar.operator.injection.patch import Patch, Skipped, patch_pod
from leader_sidecar.operator.injection.review import Request, admitted, refused
from leader_sidecar.operator.injection.workload import patch_workload

FindElection = Callable[[str, str], Awaitable[Mapping[str, Any] | None]]
"""From namespace and name to the spec of a LeaderElection, None where there is no such one."""


class Admission:
    """Answer reviews.

    Args:
        injection: what is put into pods, and what becomes of those that ask for what cannot be.
        own_namespace: the operator's.
        find_election: reads a LeaderElection; what it raises is the caller's to answer.
    """

    def __init__(self, injection: Injection, own_namespace: str, find_election: FindElection, log: Log) -> None:
        self._injection = injection
        self._own_namespace = own_namespace
        self._find_election = find_election
        self._log = log

    async def answer(self, request: Request) -> dict[str, Any]:
        """Decide on one object."""
        if request.kind != "Pod":
            return admitted(request, patch_workload(request.object, request.old))
        outcome = await self.outcome(request.object, request.namespace)
        if isinstance(outcome, Patch):
            return admitted(request, outcome.operations)
        sentences = (outcome.reason,) if isinstance(outcome, Skipped) else outcome.sentences
        reason = "; ".join(sentences)
        self._log("warning", "not_injected", namespace=request.namespace, pod=_name(request.object), reason=reason)
        if isinstance(outcome, Faults) and self._injection.refuses:
            return refused(request, f"leader-sidecar is not injected: {reason}")
        return admitted(request, warnings=[f"leader-sidecar is not injected: {sentence}" for sentence in sentences])

    async def outcome(self, pod: Mapping[str, Any], namespace: str) -> Patch | Skipped | Faults:
        """Decide what becomes of a pod."""
        name = named_election(pod)
        election = await self._find_election(namespace, name) if name else None
        return patch_pod(pod, namespace, self._injection.template, election, self._own_namespace)


def _name(pod: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    return str(metadata.get("name") or metadata.get("generateName", ""))
