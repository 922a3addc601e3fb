"""Two replicas exchange certificates over real sockets, and no client with a late view of the bundle is turned away."""

from __future__ import annotations

import asyncio
import base64
import copy
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leader_sidecar.operator.injection.configuration import Webhook
from leader_sidecar.operator.injection.keeper import CertificateFolder, CertificateKeeper
from leader_sidecar.operator.injection.objects import ApiFault
from leader_sidecar.operator.injection.serving import WebhookServer
from leader_sidecar.runtime.clock import Clock

LIFETIME_S = 600
STEP_S = 20
LAG_S = 40
"""How late the API server is to act on a bundle; a new generation waits for 60 s."""
SPAN_S = 1400  # less than the hour by which certificates begin early, because OpenSSL looks at the real clock
SECRET = "/api/v1/namespaces/own/secrets/webhook"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/operator"


class Shelf:
    """Two objects of an API server, which takes a write only of the version that it holds."""

    def __init__(self) -> None:
        hooks = [{"name": name, "clientConfig": {"service": {"name": "webhook"}}} for name in ("pods", "workloads")]
        self.objects: dict[str, dict[str, Any]] = {
            SECRET: {"metadata": {"resourceVersion": "1"}},
            CONFIGURATION: {"metadata": {"resourceVersion": "1"}, "webhooks": hooks},
        }
        self.writes = 0

    async def read(self, path: str, query: str = "") -> dict[str, Any]:
        await asyncio.sleep(0)
        return copy.deepcopy(self.objects[path])

    async def replace(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0)
        version = self.objects[path]["metadata"]["resourceVersion"]
        if body["metadata"]["resourceVersion"] != version:
            raise ApiFault(409, "somebody was first")
        self.writes += 1
        self.objects[path] = copy.deepcopy(body)
        self.objects[path]["metadata"]["resourceVersion"] = str(int(version) + 1)
        return self.objects[path]

    def bundle(self) -> bytes:
        """What API servers trust; the same for both hooks."""
        (first, second) = [hook["clientConfig"]["caBundle"] for hook in self.objects[CONFIGURATION]["webhooks"]]
        assert first == second
        return base64.b64decode(first)


class SetClock(Clock):
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_s = super().wall_us() / 1e6
        self.at_s = 0.0

    def wall_us(self) -> int:
        return int((self.begin_s + self.at_s) * 1e6)


class Nobody:
    """No review is asked for here."""

    async def answer(self, request: object) -> dict[str, Any]:
        raise AssertionError(f"asked for {request}")


def no_log(level: str, event: str, **fields: object) -> None:
    """Write nothing down; a test that fails shows what came of it."""


class Replica:
    """One server and its keeper."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self.server = WebhookServer(Nobody(), 0, no_log, host="127.0.0.1")  # type: ignore[arg-type]
        webhook = Webhook("operator", 0, ("localhost",), "webhook", LIFETIME_S, "")
        self.keeper = CertificateKeeper(shelf, webhook, "own", self.server, clock, no_log)  # type: ignore[arg-type]
        self.port = 0

    async def look(self) -> None:
        """Look, and after a conflict once more, as `run` would."""
        try:
            await self.keeper.look()
        except ApiFault as fault:
            if fault.status != 409:
                raise
            await self.keeper.look()


@pytest.fixture
async def replicas() -> AsyncIterator[tuple[Shelf, SetClock, list[Replica]]]:
    """Two replicas that serve, in front of one shelf."""
    shelf, clock = Shelf(), SetClock()
    found = [Replica(shelf, clock) for _ in range(2)]
    for one in found:
        one.port = await one.server.start()
    yield shelf, clock, found
    for one in found:
        await one.server.stop()


async def shown(port: int, trusted: bytes) -> bytes:
    """Connect as an API server does that trusts this bundle. Returns: the certificate that it was shown."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.verify_flags |= ssl.VERIFY_X509_STRICT
    tls.load_verify_locations(cadata=trusted.decode())
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return bytes(certificate)


async def test_nobody_is_turned_away_while_certificates_follow_one_another(
    replicas: tuple[Shelf, SetClock, list[Replica]],
) -> None:
    shelf, clock, both = replicas
    bundles: list[bytes] = []
    seen: list[list[bytes]] = [[], []]
    for at_s in range(0, SPAN_S, STEP_S):
        clock.at_s = at_s
        # One replica looks three times as seldom, and both at once now and then.
        await asyncio.gather(*(one.look() for one in (both if at_s % (3 * STEP_S) == 0 else both[:1])))
        bundles.append(shelf.bundle())
        for number, one in enumerate(both):
            certificate = await shown(one.port, bundles[max(len(bundles) - 1 - LAG_S // STEP_S, 0)])
            if certificate not in seen[number]:
                seen[number].append(certificate)
    assert seen[0] == seen[1], "both serve what the Secret holds"
    assert len(seen[0]) == len(range(0, SPAN_S - LIFETIME_S // 10, LIFETIME_S * 2 // 3))
    assert max(bundle.count(b"BEGIN") for bundle in bundles) == 2
    assert shelf.writes < 4 * len(seen[0]) + 2, "they write without need"


async def test_a_secret_that_was_emptied_brings_a_new_certificate_without_a_gap(
    replicas: tuple[Shelf, SetClock, list[Replica]],
) -> None:
    shelf, clock, both = replicas
    for one in both:
        await one.look()
    before = shelf.bundle()
    old = await shown(both[0].port, before)
    shelf.objects[SECRET]["data"] = {}
    for at_s in range(STEP_S, LIFETIME_S // 10 + STEP_S, STEP_S):
        clock.at_s = at_s
        for one in both:
            await one.look()
            assert await shown(one.port, before) == old, "an API server may not have taken notice yet"
    clock.at_s = STEP_S + LIFETIME_S // 10
    for one in both:
        await one.look()
        assert await shown(one.port, shelf.bundle()) != old


async def test_without_a_secret_it_says_how_to_make_one(replicas: tuple[Shelf, SetClock, list[Replica]]) -> None:
    shelf, _, (one, _) = replicas
    shelf.objects[SECRET] = None  # type: ignore[assignment]
    with pytest.raises(ApiFault, match="helm upgrade"):
        await one.keeper.look()
    assert not one.server.has_certificate


async def test_a_certificate_of_cert_manager_is_followed(tmp_path: Any) -> None:
    from leader_sidecar.operator.injection.certificates import make_generation

    told: list[tuple[str, Any]] = []
    server = WebhookServer(Nobody(), 0, no_log, host="127.0.0.1")  # type: ignore[arg-type]
    folder = CertificateFolder(tmp_path, server, lambda level, event, **fields: told.append((level, fields)))
    port = await server.start()
    try:
        folder.look()
        assert not server.has_certificate
        assert told[-1][0] == "warning"
        for number in (1, 2):
            one = make_generation(["localhost"], int(Clock().wall_us() / 1e6) + number, 3600)
            (tmp_path / "tls.crt").write_bytes(one.certificate)
            if number == 2:
                folder.look()  # new certificate, old key: half of what is to come
                assert told[-1][0] == "warning"
            (tmp_path / "tls.key").write_bytes(one.key)
            folder.look()
            assert ssl.DER_cert_to_PEM_cert(await shown(port, one.certificate)) == one.certificate.decode()
    finally:
        await server.stop()
