"""Owns how the parts of injection are put together, started and ended; the operator's process runs one of it."""

import asyncio
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.log import Log
from leader_sidecar.operator.injection.admission import Admission
from leader_sidecar.operator.injection.configuration import Injection, Webhook
from leader_sidecar.operator.injection.keeper import CertificateFolder, CertificateKeeper
from leader_sidecar.operator.injection.missing import MissingSidecars
from leader_sidecar.operator.injection.objects import Objects, path_of
from leader_sidecar.operator.injection.serving import WebhookServer
from leader_sidecar.runtime.clock import Clock

_GROUP = "leader-sidecar.io/v1alpha1"
_DRAIN_S = 5.0
"""For how long after SIGTERM API servers may still be sent here: kube-proxy learns of an ending pod a moment later."""


class InjectionService:
    """Serve the webhook where there is one, keep its certificate, and tell of pods that have no sidecar.

    Every replica runs all of it, whoever leads: a webhook that only one serves is down while another takes over.

    Args:
        endpoint: the API server.
        own_namespace, pod_name: the operator's.
    """

    def __init__(
        self, injection: Injection, endpoint: Endpoint, own_namespace: str, pod_name: str, clock: Clock, log: Log
    ) -> None:
        # One connection each, because a request waits for the one before it.
        self._objects = tuple(Objects(endpoint) for _ in range(3))
        for_reviews, for_certificates, for_events = self._objects
        self._log = log
        admission = Admission(injection, own_namespace, ElectionFinder(for_reviews), log)
        self._missing = MissingSidecars(for_events, admission, pod_name, clock, log)
        self._server: WebhookServer | None = None
        self._certificates: CertificateKeeper | CertificateFolder | None = None
        webhook = injection.webhook
        if webhook is not None:
            self._server = WebhookServer(admission, webhook.port, log)
            self._certificates = _certificates(webhook, self._server, for_certificates, own_namespace, clock, log)

    async def run(self, ended: Awaitable[None]) -> None:
        """Do all of it until `ended`; then go on answering for a moment, and close."""
        tasks = [asyncio.ensure_future(ended), asyncio.create_task(self._missing.run())]
        if self._certificates is not None:
            tasks.append(asyncio.create_task(self._certificates.run()))
        try:
            if self._server is not None:
                port = await self._server.start()
                self._log("info", "webhook", port=port)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
            await asyncio.sleep(_DRAIN_S if self._server is not None else 0.0)
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._server is not None:
                await self._server.stop()
            await asyncio.gather(*(one.close() for one in self._objects))


class ElectionFinder:
    """Read the spec of a LeaderElection; a pod is made seldom enough that nothing has to be remembered."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def __call__(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """Return the spec; None where there is no such LeaderElection.

        Raises: ApiFault.
        """
        found = await self._objects.read(path_of(_GROUP, "leaderelections", name, namespace))
        return None if found is None else found.get("spec") or {}


def _certificates(
    webhook: Webhook, server: WebhookServer, objects: Objects, own_namespace: str, clock: Clock, log: Log
) -> CertificateKeeper | CertificateFolder:
    if webhook.secret:
        return CertificateKeeper(objects, webhook, own_namespace, server, clock, log)
    return CertificateFolder(Path(webhook.folder), server, log)
