"""Owns the webhook's server: TLS, one path, and a certificate that is exchanged while it serves."""

import asyncio
import os
import ssl

from aiohttp import web

from leader_sidecar.kube.log import Log
from leader_sidecar.operator.injection.admission import Admission
from leader_sidecar.operator.injection.review import MalformedReview, read_review

PATH = "/admission"
ANSWER_WITHIN_S = 4.0
"""One second less than the API server waits, so that it is told why."""

_MAX_REVIEW_BYTES = 8 * 1024 * 1024  # an update carries the object twice, and etcd takes 1.5 MiB


class WebhookServer:
    """Serve admission reviews. It listens from `start` on, and answers once it has a certificate.

    Args:
        admission: decides.
        port: on every address; 0 lets the kernel choose.
    """

    def __init__(self, admission: Admission, port: int, log: Log, *, host: str | None = None) -> None:
        self._admission = admission
        self._host = host
        self._port = port
        self._log = log
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._runner: web.AppRunner | None = None
        self.has_certificate = False

    def use_certificate(self, pem: bytes) -> None:
        """Show this certificate from the next handshake on; connections that stand go on with theirs.

        Args:
            pem: certificate, its chain where it has one, and key.

        Raises: ValueError when they do not fit together.
        """
        # The ssl module takes files only; this one is in memory, on no disk.
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            self._tls.load_cert_chain(f"/proc/self/fd/{descriptor}", password=_no_passphrase)
        except ssl.SSLError as error:
            raise ValueError(f"the webhook's certificate and key cannot be used: {error.reason}") from None
        finally:
            os.close(descriptor)
        self.has_certificate = True

    async def start(self) -> int:
        """Listen. Returns: the port."""
        app = web.Application(client_max_size=_MAX_REVIEW_BYTES)
        app.router.add_post(PATH, self._answer)
        app.router.add_get("/readyz", self._ready)  # whoever is answered has been shown a certificate
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=ANSWER_WITHIN_S)
        await self._runner.setup()
        # Both families; SO_REUSEPORT is not asked for, so that a second process on the port is told.
        site = web.TCPSite(self._runner, self._host, self._port, ssl_context=self._tls)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Take no more connections, answer what is under way, and close."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            review = read_review(await request.read())
        except MalformedReview as fault:
            return web.Response(status=400, text=f"{fault}\n")
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return web.json_response(await self._admission.answer(review))
        except Exception as error:
            # No verdict: the API server then does what failurePolicy says.
            reason = "no verdict in time" if isinstance(error, TimeoutError) else str(error) or repr(error)
            self._log("error", "admission_failed", namespace=review.namespace, reason=reason)
            return web.Response(status=500, text=f"{reason}\n")


def _no_passphrase() -> bytes:
    raise ValueError("the key wants a passphrase")  # else OpenSSL would ask on the terminal
