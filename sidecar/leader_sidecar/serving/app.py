"""Owns the app's port: which path is answered by what, for whom (DESIGN §5)."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import unquote

from aiohttp import hdrs, web

from leader_sidecar.serving.document import document
from leader_sidecar.serving.events import events
from leader_sidecar.serving.leader import Closing, check, leader, resign
from leader_sidecar.serving.problem import Problem
from leader_sidecar.serving.query import Query
from leader_sidecar.serving.view import ElectionView

_GET = ("GET", "HEAD")
_OF_AN_ELECTION: Mapping[
    str, tuple[Sequence[str], Callable[[ElectionView, web.BaseRequest, Closing], Awaitable[web.StreamResponse]]]
] = {
    "/leader": (_GET, leader),
    "/leader/check": (_GET, check),
    "/leader/events": (_GET, events),
    "/leader/resign": (("POST",), resign),
}
_OUR_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]*)?|::1", re.ASCII | re.IGNORECASE)
_NO_STORE = {"Cache-Control": "no-store"}
_JSON = "application/json"


class AppPort:
    """Answer the app.

    Args:
        views: the elections; `/leader` is about the first.
        closing: done when waiting requests have to be answered.
    """

    def __init__(self, views: Sequence[ElectionView], closing: Closing) -> None:
        self._views = views
        self._closing = closing
        self._of_the_process = {
            "/": self._root,
            "/elections": self._elections,
            "/openapi.yaml": self._openapi,
        }

    def answer(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Begin to answer one request.

        Raises: Problem for what is not answered as asked.
        """
        if not _names_this_pod(request):
            raise Problem(421, "this port answers about its own pod: ask with localhost as the host")
        path = request.path
        if path in _OF_AN_ELECTION:
            return self._ask(self._views[0], path, request)
        if path in self._of_the_process:
            _require(request, _GET)
            Query(request, ())
            return self._of_the_process[path]()
        if path.startswith("/elections/"):
            name, found, rest = request.rel_url.raw_path.removeprefix("/elections/").rpartition("/leader")
            if found and "/leader" + rest in _OF_AN_ELECTION:
                return self._ask(self._named(unquote(name)), "/leader" + rest, request)
        raise Problem(404, f"there is nothing at {path[:100]}: /openapi.yaml says what there is")

    def _ask(self, view: ElectionView, path: str, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        methods, handler = _OF_AN_ELECTION[path]
        _require(request, methods)
        return handler(view, request, self._closing)

    def _named(self, name: str) -> ElectionView:
        """Find an election by `namespace/name`, or by its name alone where only one has it."""
        found = [view for view in self._views if view.name == name]
        found = found or [view for view in self._views if view.name.rpartition("/")[2] == name]
        if len(found) == 1:
            return found[0]
        names = ", ".join(view.name for view in self._views)
        if found:
            raise Problem(404, f"several elections are named {name[:100]!r}: write namespace%2Fname of one of {names}")
        raise Problem(404, f"there is no election {name[:100]!r} here: there is {names}")

    async def _root(self) -> web.Response:
        """Say who leads in the words of the older sidecars."""
        known = self._views[0].answer().leader
        told = {"name": known.name if known else "", "last_update": known.renewed_at if known else ""}
        # Without spaces, as theirs was: people look for `"name":"payouts-0"` with grep.
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return web.Response(text=text, content_type=_JSON, headers=_NO_STORE)

    async def _elections(self) -> web.Response:
        told = ", ".join(document(view.answer()) for view in self._views)
        return web.Response(text=f'{{"elections": [{told}]}}', content_type=_JSON, headers=_NO_STORE)

    async def _openapi(self) -> web.Response:
        return web.Response(body=openapi(), content_type="application/yaml", headers=_NO_STORE)


@cache
def openapi() -> bytes:
    """Return the description of the app's port."""
    return files("leader_sidecar.serving").joinpath("openapi.yaml").read_bytes()


def _names_this_pod(request: web.BaseRequest) -> bool:
    if not _is_ours(request.headers.get(hdrs.HOST, "")):
        return False
    # Where the target is a whole URL, that one names a host too.
    return request.raw_path.startswith("/") or _is_ours(request.host)


@lru_cache(maxsize=16)
def _is_ours(host: str) -> bool:
    return _OUR_HOST.fullmatch(host) is not None


def _require(request: web.BaseRequest, methods: Sequence[str]) -> None:
    if request.method not in methods:
        detail = f"{request.path[:100]} does not know {request.method[:20]}: use {methods[0]}"
        raise Problem(405, detail, {"Allow": ", ".join(methods)})
