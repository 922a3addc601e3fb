"""Owns how a sidecar's process is put together, started and ended. Nothing else knows all the layers."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from leader_sidecar import __version__
from leader_sidecar.core.state import Config
from leader_sidecar.kube.api import Api
from leader_sidecar.kube.endpoint import Endpoint, EndpointError, load_endpoint
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.driver import Driver
from leader_sidecar.runtime.election import Election
from leader_sidecar.runtime.log import LibraryLog, LogWriter
from leader_sidecar.runtime.names import ElectionName
from leader_sidecar.runtime.pod_socket import PodSocketTaken, bind_pod_socket
from leader_sidecar.runtime.settings import Settings
from leader_sidecar.serving.listen import ListenError
from leader_sidecar.serving.server import Serving

EXIT_CRASHED = 1
EXIT_CONFIGURATION = 2

_SERVING_STOP_S = 1.0


def run(settings: Settings) -> int:
    """Run a sidecar until it is told to stop.

    Returns:
        The exit code: 0 after SIGTERM or SIGINT, 1 after a crash, 2 where something outside must be mended first.
    """
    clock = Clock()
    log = LogWriter(clock, settings.log_format, settings.log_level)
    logging.basicConfig(handlers=[LibraryLog(log)], level=logging.WARNING)
    with contextlib.ExitStack() as sockets:
        try:
            endpoint = load_endpoint(settings.kubeconfig, os.environ)
            bound = [_pod_socket(settings, name, sockets) for name in settings.elections]
            return asyncio.run(_run(settings, endpoint, bound, clock, log))
        except (EndpointError, PodSocketTaken, ListenError) as fault:
            print(f"leader-sidecar run: {fault}", file=sys.stderr)
            return EXIT_CONFIGURATION


def _pod_socket(settings: Settings, name: ElectionName, sockets: contextlib.ExitStack) -> socket.socket | None:
    """Prove that this process is the pod's only one in this election; None where nothing can prove it."""
    if not settings.pod_uid:
        return None
    return sockets.enter_context(bind_pod_socket(settings.pod_uid, name.namespace, name.name))


async def _run(
    settings: Settings, endpoint: Endpoint, bound: Sequence[socket.socket | None], clock: Clock, log: LogWriter
) -> int:
    for warning in endpoint.warnings:
        log("warning", "endpoint", reason=warning)
    drivers, views = [], []
    for name, held in zip(settings.elections, bound, strict=True):
        api = Api(endpoint, name.namespace, name.name, pod_name=settings.pod_name, rng=random.Random(), log=log)
        driver = Driver(_config(settings, name, held is not None), api, clock, log, events=settings.events)
        drivers.append(driver)
        views.append(Election(driver, api, clock))
    serving = Serving(
        views, settings.listen, settings.probe_listen, ready_when_leader=settings.ready_when_leader, version=__version__
    )
    port, probe_port = await serving.start()
    log("info", "serving", port=port, probe_port=probe_port, api=endpoint.base_url, version=__version__)
    try:
        return await stand(drivers, log, app_at_work=settings.plain_container)
    finally:
        await serving.stop(_SERVING_STOP_S)


async def stand(
    drivers: Sequence[Driver], log: LogWriter, *, app_at_work: bool, beside: Sequence[Coroutine[Any, Any, None]] = ()
) -> int:
    """Stand in every election until all have finished, or one has crashed: then none leads any more.

    Args:
        drivers: told to stop by SIGTERM or SIGINT.
        log: told how it ends.
        app_at_work: when they are told, the app may still act on its last answer.
        beside: what else runs, ends by itself after the drivers, and crashes with them.

    Returns: the exit code.
    """
    loop = asyncio.get_running_loop()
    crashed: asyncio.Future[str] = loop.create_future()

    def on_signal(name: str) -> None:
        log("info", "stopping", reason=name)
        loop.remove_signal_handler(signal.SIGINT)  # a second ctrl-C ends at once
        for driver in drivers:
            driver.stop(app_at_work=app_at_work)

    def on_error(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        message, error = context.get("message"), context.get("exception")
        if error is None or isinstance(error, OSError):
            log("warning", "library", reason=message, error=error)
        elif not crashed.done():
            # It went wrong where nobody awaits it: the process cannot be trusted to be whole.
            crashed.set_result(f"{message}: {error!r}")

    loop.set_exception_handler(on_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number.name)
    tasks = [asyncio.create_task(one) for one in (*(driver.run() for driver in drivers), *beside)]
    everything = asyncio.gather(*tasks)
    ends: list[asyncio.Future[Any]] = [everything, crashed]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if everything.done() and everything.exception() is None:
        log("info", "stopped")
        return 0
    reason = crashed.result() if crashed.done() else _innermost(everything.exception())
    for driver in drivers:
        driver.fail("the process has crashed")
    log("error", "crashed", reason=reason)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return EXIT_CRASHED


def _innermost(error: BaseException | None) -> str:
    """Say what went wrong, and where, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{error!r}{where}"


def new_candidate(name: ElectionName, **more: Any) -> Config:
    """Make the configuration of a candidate that no other process is: nonce and first index are drawn.

    Args:
        name: the election.
        more: the other fields of `Config`.
    """
    return Config(
        namespace=name.namespace,
        name=name.name,
        nonce=os.urandom(8).hex(),
        first_index=1 + int.from_bytes(os.urandom(3)),
        **more,
    )


def _config(settings: Settings, name: ElectionName, sole_in_pod: bool) -> Config:
    return new_candidate(
        name,
        pod_name=settings.pod_name,
        pod_uid=settings.pod_uid,
        timing=settings.timing,
        token_floor=settings.token_floor,
        create_lease=settings.create_lease,
        sole_in_pod=sole_in_pod,
    )
