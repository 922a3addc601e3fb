"""Owns how an operator's process is put together, started and ended."""

import asyncio
import contextlib
import logging
import os
import random
import sys
from pathlib import Path

from leader_sidecar import __version__
from leader_sidecar.kube.api import Api
from leader_sidecar.kube.endpoint import Endpoint, EndpointError, load_endpoint
from leader_sidecar.operator.acting import Acting
from leader_sidecar.operator.injection.configuration import ConfigurationError, Injection, load_injection
from leader_sidecar.operator.injection.service import InjectionService
from leader_sidecar.operator.metrics import OperatorMetrics
from leader_sidecar.operator.settings import OperatorSettings
from leader_sidecar.operator.watching import quiet_kopf
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.driver import Driver
from leader_sidecar.runtime.election import Election
from leader_sidecar.runtime.log import LibraryLog, LogWriter
from leader_sidecar.runtime.main import EXIT_CONFIGURATION, new_candidate, stand
from leader_sidecar.runtime.pod_socket import PodSocketTaken, bind_pod_socket
from leader_sidecar.serving.connections import Port
from leader_sidecar.serving.listen import ListenError, open_sockets
from leader_sidecar.serving.probes import ProbePort

_SERVING_STOP_S = 1.0
_ASK_S = 1.0


def run(settings: OperatorSettings) -> int:
    """Run an operator until it is told to stop.

    Returns:
        The exit code: 0 after SIGTERM or SIGINT, 1 after a crash, 2 where something outside must be mended first.
    """
    clock = Clock()
    log = LogWriter(clock, settings.log_format, settings.log_level)
    logging.basicConfig(handlers=[LibraryLog(log)], level=logging.WARNING)
    quiet_kopf()
    election = settings.election
    with contextlib.ExitStack() as sockets:
        try:
            endpoint = load_endpoint(settings.kubeconfig, os.environ)
            if settings.pod_uid:
                sockets.enter_context(bind_pod_socket(settings.pod_uid, election.namespace, election.name))
            injection = load_injection(Path(settings.injection)) if settings.injection else None
            return asyncio.run(_run(settings, endpoint, injection, clock, log))
        except (EndpointError, PodSocketTaken, ListenError, ConfigurationError) as fault:
            print(f"leader-sidecar operator: {fault}", file=sys.stderr)
            return EXIT_CONFIGURATION


async def _run(
    settings: OperatorSettings, endpoint: Endpoint, injection: Injection | None, clock: Clock, log: LogWriter
) -> int:
    election = settings.election
    api = Api(endpoint, election.namespace, election.name, pod_name=settings.pod_name, rng=random.Random(), log=log)
    config = new_candidate(
        election,
        pod_name=settings.pod_name,
        pod_uid=settings.pod_uid,
        timing=settings.timing,
        sole_in_pod=bool(settings.pod_uid),
    )
    driver = Driver(config, api, clock, log, events=True)
    acting = Acting(driver, endpoint, clock, log)
    beside = [acting.run()]
    if injection is not None:
        service = InjectionService(injection, endpoint, election.namespace, settings.pod_name, clock, log)
        beside.append(service.run(_ended(driver)))
    port, probe_port = await _serve(settings, Election(driver, api, clock), acting)
    log("info", "serving", probe_port=probe_port, api=endpoint.base_url, version=__version__)
    try:
        return await stand([driver], log, app_at_work=False, beside=beside)
    finally:
        port.pre_shutdown()
        await port.shutdown(_SERVING_STOP_S)


async def _ended(driver: Driver) -> None:
    while not driver.ended:
        await driver.changed(driver.state.index, _ASK_S)


async def _serve(settings: OperatorSettings, view: Election, acting: Acting) -> tuple[Port, int]:
    """Answer probes and scrapes. Returns: the port's server, and its number."""
    probes = ProbePort([view], ready_when_leader=False, version=__version__, more_metrics=[OperatorMetrics(acting)])
    port = Port(probes.answer)
    sockets = open_sockets(settings.probe_listen, "--probe-listen")
    for one in sockets:
        await asyncio.get_running_loop().create_server(port, sock=one)
    return port, int(sockets[0].getsockname()[1])
