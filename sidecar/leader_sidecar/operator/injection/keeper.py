"""Owns the webhook's certificates over time: where they are kept, that API servers trust them, which one is served.

Every replica keeps them, none leads: each write names the version that was read, and who comes second reads again.
"""

import asyncio
import base64
from pathlib import Path
from typing import NoReturn

from leader_sidecar.kube.log import Log
from leader_sidecar.operator.injection import certificates
from leader_sidecar.operator.injection.certificates import Generation
from leader_sidecar.operator.injection.configuration import Webhook
from leader_sidecar.operator.injection.objects import ApiFault, Object, Objects, path_of
from leader_sidecar.operator.injection.serving import WebhookServer
from leader_sidecar.runtime.clock import Clock

LOOK_EVERY_S = 30.0
AGAIN_AFTER_S = 2.0


class CertificateKeeper:
    """Make, publish and exchange certificates of the operator's own.

    Args:
        objects: a connection of its own.
        webhook: names, lifetime, and where the generations are kept.
        own_namespace: that of the Secret.
        server: shows the certificate.
    """

    def __init__(
        self, objects: Objects, webhook: Webhook, own_namespace: str, server: WebhookServer, clock: Clock, log: Log
    ) -> None:
        self._objects = objects
        self._webhook = webhook
        self._secret_path = path_of("v1", "secrets", webhook.secret, own_namespace)
        group = "admissionregistration.k8s.io/v1"
        self._configuration_path = path_of(group, "mutatingwebhookconfigurations", webhook.configuration)
        self._server = server
        self._clock = clock
        self._log = log
        self._look_every_s = min(LOOK_EVERY_S, webhook.lifetime_s / 60)
        self._served: Generation | None = None

    async def run(self) -> NoReturn:
        """Keep them, until cancelled."""
        while True:
            try:
                await self.look()
                wait_s = self._look_every_s
            except ApiFault as fault:
                if fault.status != 409:  # another replica was first: read what it wrote
                    self._log("warning", "certificates", reason=str(fault))
                wait_s = AGAIN_AFTER_S
            await asyncio.sleep(wait_s)

    async def look(self) -> None:
        """Do what is due: make, publish, exchange.

        Raises: ApiFault, after which everything may be looked at again.
        """
        generations = await self._generations()
        if self._served is not None and self._served not in generations:
            # Somebody deleted the Secret to have another certificate: serve on until that one has settled.
            generations = sorted([*generations, self._served])
        published = await self._publish(generations)
        chosen = certificates.serving(generations, published, self._now_s())
        if chosen is not None and chosen != self._served:
            self._server.use_certificate(chosen.certificate + chosen.key)
            self._served = chosen
            self._log("info", "certificate", made_s=chosen.made_s, expires_s=chosen.expires_s)

    async def _generations(self) -> list[Generation]:
        secret = await self._objects.read(self._secret_path)
        if secret is None:
            raise ApiFault(404, f"{self._secret_path} is missing: helm upgrade makes it again")
        generations = certificates.from_data(secret.get("data") or {})
        now_s = self._now_s()
        if not certificates.needs_another(generations, now_s, self._webhook.lifetime_s):
            return generations
        made = certificates.make_generation(self._webhook.dns_names, int(now_s), self._webhook.lifetime_s)
        alive = [one for one in generations if one.expires_s > now_s]
        await self._objects.replace(self._secret_path, secret | {"data": certificates.to_data([*alive, made])})
        return [*alive, made]

    async def _publish(self, generations: list[Generation]) -> bytes:
        """Put the bundle into the webhook's object. Returns: the bundle that is there now."""
        configuration = await self._objects.read(self._configuration_path)
        if configuration is None:
            raise ApiFault(404, f"{self._configuration_path} is missing: helm upgrade makes it again")
        hooks: list[Object] = configuration.get("webhooks") or []
        there = [base64.b64decode(hook["clientConfig"].get("caBundle") or "") for hook in hooks]
        wanted = certificates.bundle(generations, b"".join(there), self._now_s())
        if any(one != wanted for one in there):
            for hook in hooks:
                hook["clientConfig"]["caBundle"] = base64.b64encode(wanted).decode()
            await self._objects.replace(self._configuration_path, configuration)
        return wanted

    def _now_s(self) -> float:
        return self._clock.wall_us() / 1e6


class CertificateFolder:
    """Follow a certificate that cert-manager keeps in a mounted Secret.

    Args:
        folder: of `tls.crt` and `tls.key`.
        server: shows the certificate.
    """

    def __init__(self, folder: Path, server: WebhookServer, log: Log, look_every_s: float = LOOK_EVERY_S / 3) -> None:
        self._folder = folder
        self._server = server
        self._log = log
        self._look_every_s = look_every_s
        self._served = b""

    async def run(self) -> NoReturn:
        """Follow it, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self._look_every_s)

    def look(self) -> None:
        """Show the certificate that is there; while there is none, or half of one, the old one stays."""
        try:
            pem = b"\n".join((self._folder / name).read_bytes() for name in ("tls.crt", "tls.key"))
            if pem != self._served:
                self._server.use_certificate(pem)
                self._served = pem
                self._log("info", "certificate", folder=str(self._folder))
        except (OSError, ValueError) as error:
            self._log("warning", "certificates", reason=str(error))
