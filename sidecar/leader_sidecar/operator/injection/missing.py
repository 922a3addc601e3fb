"""Owns the Events that say why a pod has no sidecar although its label asks for one.

The webhook writes nothing, so that a dry run changes nothing; and it may have been down, or a policy did its work. So
it is told afterwards, of the pods that carry the one label and not the other, of which there are normally none.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from leader_sidecar.core.wire import micro_time
from leader_sidecar.kube.log import Log
from leader_sidecar.operator.injection.admission import Admission
from leader_sidecar.operator.injection.asked import INJECT, INJECTED, Faults
from leader_sidecar.operator.injection.objects import ApiFault, Object, Objects, path_of
from leader_sidecar.operator.injection.patch import Patch, Skipped
from leader_sidecar.runtime.clock import Clock

LOOK_EVERY_S = 30.0
CONTROLLER = "leader-sidecar.io/operator"

_PAGE = 20  # of whole pods, which may be 50 KiB each
_MAX_NOTE_BYTES = 1024
_NOT_ASKED = (
    "the pod was made while nothing injected: the operator was down, or is younger than the pod; "
    "delete the pod and its owner makes another"
)


class MissingSidecars:
    """Tell of pods without their sidecar.

    Args:
        objects: a connection of its own.
        admission: knows why.
        instance: who reports, the operator's pod.
    """

    def __init__(
        self,
        objects: Objects,
        admission: Admission,
        instance: str,
        clock: Clock,
        log: Log,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._objects = objects
        self._admission = admission
        self._instance = instance
        self._clock = clock
        self._log = log
        self._look_every_s = look_every_s
        self._told: set[str] = set()

    async def run(self) -> NoReturn:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except ApiFault as fault:
                self._log("warning", "missing_sidecars", reason=str(fault))
            await asyncio.sleep(self._look_every_s)

    async def look(self) -> None:
        """Tell of each pod once.

        Raises: ApiFault; what was told until then is not told again.
        """
        seen: set[str] = set()
        async for pod in self._pods():
            uid = pod["metadata"]["uid"]
            seen.add(uid)
            if uid not in self._told:
                await self._tell(pod)
                self._told.add(uid)
        self._told &= seen

    async def _pods(self) -> AsyncIterator[Object]:
        selector = f"{INJECT},{INJECT}!=false,!{INJECTED}"
        more = ""
        while True:
            query = urlencode({"labelSelector": selector, "limit": _PAGE, "continue": more}, quote_via=quote)
            page = await self._objects.read(path_of("v1", "pods"), query) or {}
            for pod in page.get("items") or []:
                yield pod
            more = (page.get("metadata") or {}).get("continue") or ""
            if not more:
                return

    async def _tell(self, pod: Object) -> None:
        metadata = pod["metadata"]
        outcome = await self._admission.outcome(pod, metadata["namespace"])
        if isinstance(outcome, Patch) and not outcome.operations:
            return
        body = self._event(pod, _reason(outcome))
        try:
            await self._objects.create(path_of("events.k8s.io/v1", "events", "", metadata["namespace"]), body)
        except ApiFault as fault:
            if fault.status != 409:  # the same was told of this owner already, by another replica perhaps
                raise

    def _event(self, pod: Object, reason: str) -> dict[str, Any]:
        metadata = pod["metadata"]
        owner = _owner(pod)
        # One Event for all pods of an owner that lack it for the same reason, whoever tells it first.
        same = hashlib.sha256(f"{owner['uid']} {reason}".encode()).hexdigest()[:16]
        note = f"pod {metadata['name']} has no leader-sidecar: {reason}"
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{owner['name'][:230].rstrip('-.')}.{same}", "namespace": metadata["namespace"]},
            "eventTime": micro_time(self._clock.wall_us()),
            "type": "Warning",
            "reason": "SidecarNotInjected",
            "action": "Inject",
            "note": note.encode()[:_MAX_NOTE_BYTES].decode("utf-8", "ignore"),
            "regarding": {**owner, "namespace": metadata["namespace"]},
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance[:128],
        }


def _reason(outcome: Patch | Skipped | Faults) -> str:
    if isinstance(outcome, Skipped):
        return outcome.reason
    return "; ".join(outcome.sentences) if isinstance(outcome, Faults) else _NOT_ASKED


def _owner(pod: Object) -> dict[str, str]:
    metadata = pod["metadata"]
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller"):
            return {key: owner[key] for key in ("apiVersion", "kind", "name", "uid")}
    return {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
