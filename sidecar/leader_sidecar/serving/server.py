"""Owns the serving of a process: the app's port and the probe port, from start to stop."""

import asyncio
from collections.abc import Sequence

from leader_sidecar.serving.app import AppPort
from leader_sidecar.serving.connections import Port
from leader_sidecar.serving.listen import Address, open_sockets
from leader_sidecar.serving.probes import ProbePort
from leader_sidecar.serving.view import ElectionView


class Serving:
    """Serve some elections.

    Args:
        views: the elections; `/leader` is about the first.
        listen: for the app, on loopback.
        probe_listen: for probes and metrics.
        ready_when_leader: ready is only who leads the first election.
        version: of this program.
    """

    def __init__(
        self,
        views: Sequence[ElectionView],
        listen: Address,
        probe_listen: Address,
        *,
        ready_when_leader: bool,
        version: str,
    ) -> None:
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        app = AppPort(views, self._closing)
        probes = ProbePort(views, ready_when_leader=ready_when_leader, version=version)
        self._ports = (
            (Port(app.answer), listen, "--listen"),
            (Port(probes.answer), probe_listen, "--probe-listen"),
        )
        self._servers: list[asyncio.Server] = []

    async def start(self) -> tuple[int, int]:
        """Listen.

        Returns:
            The app's port and the probe port.

        Raises:
            ListenError: one of them cannot be listened on; then neither is.
        """
        opened = []
        try:
            for port, address, flag in self._ports:
                opened.append((port, open_sockets(address, flag)))
        except BaseException:
            for _, sockets in opened:
                for one in sockets:
                    one.close()
            raise
        loop = asyncio.get_running_loop()
        for port, sockets in opened:
            self._servers += [await loop.create_server(port, sock=one) for one in sockets]
        app_port, probe_port = (int(sockets[0].getsockname()[1]) for _, sockets in opened)
        return app_port, probe_port

    async def stop(self, timeout_s: float) -> None:
        """Take no new connection, answer who waits as things stand, and close; at most `timeout_s` for that."""
        for server in self._servers:
            server.close()
        if not self._closing.done():
            self._closing.set_result(None)
        for port, _, _ in self._ports:
            port.pre_shutdown()
        await asyncio.gather(*(port.shutdown(timeout_s) for port, _, _ in self._ports))
