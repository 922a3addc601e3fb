"""Owns how kopf is used: it lists and watches, and tells what it saw. It writes nothing to any object.

Handlers are `kopf.on.event` only. Any other kind keeps its progress in annotations or needs a finalizer: on a Lease
that would move the resourceVersion under the election, on a LeaderElection it would be a write beside the desk's.

kopf runs on a thread and loop of its own, because it ends every task that was begun after it on its loop.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp
import kopf

from leader_sidecar import __version__
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.operator.resource import GROUP, LEADS_LABEL, PLURAL, VERSION

Shown = Callable[[Mapping[str, Any], bool], None]
"""Called with an object and whether it was deleted."""

STOP_S = 20.0
"""kopf itself gives its tasks up to ten seconds."""

_REQUEST_S = 30.0
_ERROR_BACKOFFS_S = (1.0, 2.0, 4.0, 8.0)
_LEASES = "coordination.k8s.io", "v1", "leases"
_PODS = "", "v1", "pods"


def new_settings() -> kopf.OperatorSettings:
    """Make the settings of a kopf that posts no Events, has no peers and looks for nothing by itself."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.networking.request_timeout = _REQUEST_S
    settings.networking.error_backoffs = _ERROR_BACKOFFS_S
    settings.watching.connect_timeout = 10.0
    settings.watching.label_selectors[_PODS] = LEADS_LABEL
    # Every node renews a Lease there every ten seconds.
    settings.watching.field_selectors[_LEASES] = "metadata.namespace!=kube-node-lease"
    return settings


def watch_elections(registry: kopf.OperatorRegistry, *, on_election: Shown, on_lease: Shown, on_pod: Shown) -> None:
    """Register what is watched.

    Args:
        registry: takes the handlers.
        on_election, on_lease, on_pod: called on kopf's thread.
    """

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def election_seen(event: Mapping[str, Any], **_: Any) -> None:
        on_election(event["object"], event["type"] == "DELETED")

    @kopf.on.event(*_LEASES, registry=registry)
    async def lease_seen(event: Mapping[str, Any], **_: Any) -> None:
        on_lease(event["object"], event["type"] == "DELETED")

    @kopf.on.event(*_PODS, registry=registry)
    async def pod_seen(event: Mapping[str, Any], **_: Any) -> None:
        on_pod(event["object"], event["type"] == "DELETED")


class KopfThread:
    """Run kopf beside the process's own loop.

    Args:
        registry: what it handles.
        settings: how.
        endpoint: where the API server is.
    """

    def __init__(self, registry: kopf.OperatorRegistry, settings: kopf.OperatorSettings, endpoint: Endpoint) -> None:
        self._registry = registry
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = threading.Event()
        log_in(registry, endpoint)

    async def run(self) -> None:
        """Run until cancelled.

        Raises: whatever ended kopf otherwise; RuntimeError where it does not end although it was told to.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        # A daemon: a kopf that does not end must not keep the process from ending.
        threading.Thread(target=self._live, args=(loop, ended), name="kopf", daemon=True).start()
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            self._stopped.set()
            if self._loop is not None and self._stop is not None:
                with contextlib.suppress(RuntimeError):  # it has ended by itself just now
                    self._loop.call_soon_threadsafe(self._stop.set)
            done, _ = await asyncio.wait([ended], timeout=STOP_S)
            if not done:
                raise RuntimeError(f"kopf has not ended within {STOP_S:g} s") from None
            raise

    def _live(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._run())
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(_settle, ended, error)

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_error)
        if self._stopped.is_set():
            return
        await kopf.operator(
            registry=self._registry,
            settings=self._settings,
            clusterwide=True,
            standalone=True,
            # Of no use to who stands alone; kopf would ask for the user's name, and in a pod there is none.
            identity=cast(Any, "leader-sidecar-operator"),
            stop_flag=self._stop,
        )

    def _on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A watch that is closed in the midst of a line complains, and nobody has to know.
        if not self._stopped.is_set():
            loop.default_exception_handler(context)


def _settle(ended: "asyncio.Future[None]", error: BaseException | None) -> None:
    if error is None:
        ended.set_result(None)
    else:
        ended.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))
        ended.exception()  # seen, should nobody wait any more


def quiet_kopf() -> None:
    """Leave out of the log what kopf says at each start; a request that it tries again is no error there."""
    logging.getLogger("kopf._core.reactor.running").addFilter(
        lambda record: "OS signals are ignored" not in record.getMessage()
    )
    logging.getLogger("kopf._cogs.clients.watching").addFilter(_milder)


def _milder(record: logging.LogRecord) -> bool:
    if "will retry" in record.getMessage():
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def log_in(registry: kopf.OperatorRegistry, endpoint: Endpoint) -> None:
    """Let kopf ask as the rest of the process does, with the token that is the newest at each request."""

    @kopf.on.login(registry=registry)
    async def session_of(**_: Any) -> kopf.AiohttpSession:
        async def authorize(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            authorization = endpoint.credentials.authorization(asyncio.get_running_loop().time())
            if authorization:
                request.headers["Authorization"] = authorization
            response = await handler(request)
            if response.status == 401:
                endpoint.credentials.refused()
            return response

        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=endpoint.ssl_context or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": f"leader-sidecar-operator/{__version__}"},
            middlewares=(authorize,),
        )
        return kopf.AiohttpSession(server=endpoint.base_url, aiohttp_session=session)
