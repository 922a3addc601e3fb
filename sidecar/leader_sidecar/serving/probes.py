"""Owns the probe port: `/livez`, `/readyz` and `/metrics`, for the kubelet and Prometheus (DESIGN §5)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from leader_sidecar.serving.metrics import Metrics
from leader_sidecar.serving.problem import Problem
from leader_sidecar.serving.query import Query
from leader_sidecar.serving.view import ElectionView, Health

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


class ProbePort:
    """Answer probes.

    Args:
        views: the elections.
        ready_when_leader: ready is only who leads the first election, for active/passive Services.
        version: of this program.
        more_metrics: what `/metrics` shows besides.
    """

    def __init__(
        self,
        views: Sequence[ElectionView],
        *,
        ready_when_leader: bool,
        version: str,
        more_metrics: "Sequence[Collector]" = (),
    ) -> None:
        self._views = views
        self._ready_when_leader = ready_when_leader
        self._metrics = Metrics(views, version, more_metrics)
        self._paths = {"/livez": self._livez, "/readyz": self._readyz}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request.

        Raises: Problem for what is not answered as asked.
        """
        path = request.path
        if path != "/metrics" and path not in self._paths:
            raise Problem(404, f"there is nothing at {path[:100]}: there is /livez, /readyz and /metrics")
        if request.method not in ("GET", "HEAD"):
            raise Problem(405, f"{path} does not know {request.method[:20]}: use GET", {"Allow": "GET, HEAD"})
        if path == "/metrics":
            return self._metrics.response(request.headers.get("Accept", ""))
        Query(request, ("verbose",))  # what people add by habit
        fault = self._paths[path]()
        headers = {"Cache-Control": "no-store"}
        return web.Response(status=503 if fault else 200, text=f"{fault or 'ok'}\n", headers=headers)

    def _livez(self) -> str:
        return next((f"{view.name}: {one.reason}" for view, one in self._health() if not one.live), "")

    def _readyz(self) -> str:
        fault = next((f"{view.name}: {one.reason}" for view, one in self._health() if not one.ready), "")
        if not fault and self._ready_when_leader and not self._views[0].answer().is_leader:
            return f"{self._views[0].name}: this pod does not lead"
        return fault

    def _health(self) -> list[tuple[ElectionView, Health]]:
        return [(view, view.health()) for view in self._views]
