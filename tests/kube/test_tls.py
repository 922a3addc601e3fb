"""Whom we trust, and how we prove who we are, over real TLS on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization

from kube.authority import Certificates
from kube.fake_api import FakeApi, hang, respond
from leader_sidecar.kube.credentials import StaticToken
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.tls import TlsFault, add_client_certificate, server_context
from leader_sidecar.kube.transport import Failure, Lane, Reply

Serve = Callable[[ssl.SSLContext], Awaitable[FakeApi]]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start scripted servers that speak TLS."""
    started: list[FakeApi] = []

    async def start(context: ssl.SSLContext) -> FakeApi:
        started.append(FakeApi())
        await started[-1].start(context)
        return started[-1]

    yield start
    for api in started:
        await api.stop()
        assert list(api.answers) == []


async def test_server_of_the_clusters_authority_is_trusted_and_kept_alive(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls())
    lane = new_lane(api.endpoint(tls=server_context(certificates.ca.read_bytes())))
    api.will(respond(200, {"a": 1}), respond(200))
    assert await lane.exchange("GET", "/x", timeout_s=5) == Reply(200, b'{"a": 1}')
    await lane.exchange("GET", "/x", timeout_s=5)
    assert api.connections == [1, 1]


async def test_server_of_another_authority_is_a_failure_that_says_so(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls())
    lane = new_lane(api.endpoint(tls=server_context(certificates.other_ca.read_bytes())))
    outcome = await lane.exchange("GET", "/x", timeout_s=5)
    assert isinstance(outcome, Failure)
    assert "shows a certificate that is not trusted" in outcome.message
    assert api.seen == []


async def test_server_under_another_name_is_refused_unless_that_name_is_expected(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls())
    tls = server_context(certificates.ca.read_bytes())
    refused = await new_lane(api.endpoint(tls=tls, server_name="elsewhere.example")).exchange("GET", "/x", timeout_s=5)
    assert isinstance(refused, Failure)
    assert "elsewhere.example" in refused.message
    api.will(respond(200))
    lane = new_lane(api.endpoint(tls=tls, server_name="kubernetes.default.svc"))
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=5), Reply)


async def test_unverified_context_trusts_anybody(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls())
    api.will(respond(200))
    lane = new_lane(api.endpoint(tls=server_context(None, verify=False)))
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=5), Reply)


async def test_server_without_tls_is_a_failure_that_says_so(
    api: FakeApi, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    plain = api.base_url.replace("http:", "https:")
    lane = new_lane(Endpoint(plain, server_context(certificates.ca.read_bytes()), StaticToken(), "", ""))
    outcome = await lane.exchange("GET", "/x", timeout_s=5)
    assert isinstance(outcome, Failure)
    assert "cannot speak TLS with 127.0.0.1" in outcome.message


async def test_client_certificate_is_shown_to_a_server_that_wants_one(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls(wants_client=True))
    tls = server_context(certificates.ca.read_bytes())
    assert isinstance(await new_lane(api.endpoint(tls=tls)).exchange("GET", "/x", timeout_s=5), Failure)
    certificate, key = (file.read_bytes() for file in certificates.client)
    add_client_certificate(tls, certificate, key)
    api.will(respond(200))
    assert isinstance(await new_lane(api.endpoint(tls=tls)).exchange("GET", "/x", timeout_s=5), Reply)


async def test_timed_out_request_over_tls_closes_at_once(
    serve: Serve, certificates: Certificates, new_lane: Callable[..., Lane]
) -> None:
    api = await serve(certificates.server_tls())
    lane = new_lane(api.endpoint(tls=server_context(certificates.ca.read_bytes())))
    api.will(respond(200), hang, respond(200))
    await lane.exchange("GET", "/x", timeout_s=5)
    assert isinstance(await lane.exchange("GET", "/x", timeout_s=0.1), Failure)
    await lane.exchange("GET", "/x", timeout_s=5)
    assert api.connections == [1, 1, 2]


async def test_server_that_never_ends_the_handshake_is_a_timeout(new_lane: Callable[..., Lane]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lane = new_lane(Endpoint(url, server_context(None, verify=False), StaticToken(), "", ""))
        assert await lane.exchange("GET", "/x", timeout_s=0.1) == Failure("no complete answer within 0.1 s")


@pytest.mark.parametrize(
    "pem", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_authority_without_a_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(TlsFault, match="no PEM certificate"):
        server_context(pem)


def test_authority_with_comments_in_any_language_is_taken(certificates: Certificates) -> None:
    context = server_context("# Zertifikat für uns\n".encode() + certificates.ca.read_bytes())
    assert context.cert_store_stats()["x509"] == 1
    assert context.check_hostname
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_client_certificate_with_a_strangers_key_is_refused(certificates: Certificates) -> None:
    with pytest.raises(TlsFault, match="key values mismatch"):
        add_client_certificate(
            server_context(None), certificates.client[0].read_bytes(), certificates.server[1].read_bytes()
        )


def test_key_with_a_passphrase_is_refused_and_not_asked_for(certificates: Certificates) -> None:
    key = serialization.load_pem_private_key(certificates.client[1].read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    with pytest.raises(TlsFault, match="the key wants a passphrase"):
        add_client_certificate(server_context(None), certificates.client[0].read_bytes(), locked)
