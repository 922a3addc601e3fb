"""A program: the operator's injection alone, as one replica, until it is ended.

python -m injection.operator_process CONFIGURATION KUBECONFIG OWN_NAMESPACE
"""

import asyncio
import sys
from pathlib import Path

from leader_sidecar.kube.endpoint import load_endpoint
from leader_sidecar.operator.injection.configuration import load_injection
from leader_sidecar.operator.injection.service import InjectionService
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.log import LogWriter


async def main(configuration: str, kubeconfig: str, own_namespace: str) -> None:
    """Run it."""
    clock = Clock()
    log = LogWriter(clock, "text", "debug")
    endpoint = load_endpoint(kubeconfig, {})
    await InjectionService(load_injection(Path(configuration)), endpoint, own_namespace, "operator-0", clock, log).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
