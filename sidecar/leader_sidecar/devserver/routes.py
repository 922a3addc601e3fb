"""Owns the server's paths: which request is answered by what, who may ask, and how an error is sent."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from leader_sidecar.devserver import discovery
from leader_sidecar.devserver.events import CORE_EVENT, EVENT, as_posted, create_event
from leader_sidecar.devserver.leases import LEASE, create_lease, decode_lease, delete_lease, replace_lease
from leader_sidecar.devserver.selection import Selector, is_true, parse_version, refuse_what_is_missing
from leader_sidecar.devserver.status import (
    ApiError,
    JsonObject,
    Resource,
    bad_request,
    method_not_allowed,
    no_such_path,
    not_found,
)
from leader_sidecar.devserver.store import Store, encode, with_kind
from leader_sidecar.devserver.watching import read_watch, stream

MOST_BODY_BYTES = 3 * 1024 * 1024
_LEASES = "/apis/coordination.k8s.io/v1"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Routes:
    """Answer requests from one store.

    Args:
        token: the bearer token that every request must carry, or None.
        bookmark_interval_s: how often a watch tells the version it has reached.
    """

    def __init__(self, store: Store, token: str | None, bookmark_interval_s: float) -> None:
        self._store = store
        self._token = token.encode() if token is not None else None
        self._bookmark_interval_s = bookmark_interval_s

    def application(self) -> web.Application:
        """Make the application that serves every path."""
        application = web.Application(middlewares=[self._guard], client_max_size=MOST_BODY_BYTES)
        route = application.router.add_route
        for method, path, handler in (
            ("GET", f"{_LEASES}/leases", self._leases),
            ("GET", f"{_LEASES}/namespaces/{{namespace}}/leases", self._leases),
            ("POST", f"{_LEASES}/namespaces/{{namespace}}/leases", self._post_lease),
            ("GET", f"{_LEASES}/namespaces/{{namespace}}/leases/{{name}}", self._get_lease),
            ("PUT", f"{_LEASES}/namespaces/{{namespace}}/leases/{{name}}", self._put_lease),
            ("DELETE", f"{_LEASES}/namespaces/{{namespace}}/leases/{{name}}", self._delete_lease),
            ("GET", f"{_LEASES}/watch/leases", self._watch_leases),
            ("GET", f"{_LEASES}/watch/namespaces/{{namespace}}/leases", self._watch_leases),
            ("GET", f"{_LEASES}/watch/namespaces/{{namespace}}/leases/{{name}}", self._watch_leases),
            ("POST", f"/apis/authorization.k8s.io/v1/{discovery.REVIEW.plural}", self._review),
            ("GET", "/api", _constant(discovery.api_versions())),
            ("GET", "/api/v1", _constant(discovery.api_resource_list(""))),
            ("GET", "/apis", _constant(discovery.api_group_list())),
            ("GET", "/apis/{group}", self._group),
            ("GET", "/apis/{group}/v1", self._resources),
            ("GET", "/version", _constant(discovery.VERSION)),
        ):
            route(method, path, handler)
        for path in ("/readyz", "/livez", "/healthz"):
            route("GET", path, self._healthy)
        for base, resource in (("/api/v1", CORE_EVENT), ("/apis/events.k8s.io/v1", EVENT)):
            route("GET", f"{base}/events", self._events(resource))
            route("GET", f"{base}/namespaces/{{namespace}}/events", self._events(resource))
            route("POST", f"{base}/namespaces/{{namespace}}/events", self._post_event(resource))
            route("GET", f"{base}/namespaces/{{namespace}}/events/{{name}}", self._get_event(resource))
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            self._check_token(request)
            return await handler(request)
        except ApiError as error:
            refusal = error
        except web.HTTPMethodNotAllowed:
            refusal = method_not_allowed()
        except web.HTTPRequestEntityTooLarge:
            message = f"Request entity too large: limit is {MOST_BODY_BYTES}"
            refusal = ApiError(413, message, "RequestEntityTooLarge")
        except web.HTTPNotFound:
            if not request.path.startswith(("/api/", "/apis/")):
                return web.Response(status=404, text="404 page not found\n")
            refusal = no_such_path()
        return _answer(refusal.status, refusal.code)

    def _check_token(self, request: web.Request) -> None:
        if self._token is None:
            return
        kind, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        is_right = hmac.compare_digest(token.strip().encode(errors="surrogateescape"), self._token)
        if kind.lower() != "bearer" or not is_right:
            raise ApiError(401, "Unauthorized", "Unauthorized")

    async def _leases(self, request: web.Request) -> web.StreamResponse:
        if is_true(request.query.get("watch")):
            return await self._watch_leases(request)
        return self._list(request, LEASE)

    async def _watch_leases(self, request: web.Request) -> web.StreamResponse:
        refuse_what_is_missing(request.query)
        expression = request.query.get("fieldSelector", "")
        if "name" in request.match_info:
            expression += f",metadata.name={request.match_info['name']}"
        selector = Selector(request.match_info.get("namespace"), expression)
        return await stream(self._store, read_watch(LEASE, selector, request.query), request, self._bookmark_interval_s)

    async def _get_lease(self, request: web.Request) -> web.StreamResponse:
        # Also with `?watch=1`: on the path of one object a real server does not watch either.
        return self._get(request, LEASE)

    async def _post_lease(self, request: web.Request) -> web.StreamResponse:
        lease, unknown = decode_lease(await _body(request), strict=_is_strict(request))
        created = create_lease(self._store, request.match_info["namespace"], lease)
        return _answer(with_kind(LEASE, created), 201, unknown)

    async def _put_lease(self, request: web.Request) -> web.StreamResponse:
        lease, unknown = decode_lease(await _body(request), strict=_is_strict(request))
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        code, written = replace_lease(self._store, namespace, name, lease)
        return _answer(with_kind(LEASE, written), code, unknown)

    async def _delete_lease(self, request: web.Request) -> web.StreamResponse:
        refuse_what_is_missing(request.query)
        body = await request.read()
        return _answer(delete_lease(self._store, request.match_info["namespace"], request.match_info["name"], body))

    def _events(self, resource: Resource) -> _Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            if is_true(request.query.get("watch")):
                raise bad_request("the development server has no watch of Events: list them")
            return self._list(request, resource)

        return answer

    def _post_event(self, resource: Resource) -> _Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            event = create_event(self._store, resource, request.match_info["namespace"], await _body(request))
            return _answer(with_kind(resource, event), 201)

        return answer

    def _get_event(self, resource: Resource) -> _Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            return self._get(request, resource)

        return answer

    def _get(self, request: web.Request, resource: Resource) -> web.Response:
        found = self._store.get(resource, request.match_info["namespace"], request.match_info["name"])
        if found is None:
            raise not_found(resource, request.match_info["name"])
        return _answer(with_kind(resource, as_posted(resource, found)))

    def _list(self, request: web.Request, resource: Resource) -> web.Response:
        refuse_what_is_missing(request.query)
        selector = Selector(request.match_info.get("namespace"), request.query.get("fieldSelector", ""))
        self._check_list_version(request.query.get("resourceVersion", ""))
        stored = self._store.select(resource, selector.namespace)
        items = [as_posted(resource, item) for item in stored if selector.takes_object(item)]
        metadata = {"resourceVersion": str(self._store.version)}
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
        return _answer({**head, "items": items})

    def _check_list_version(self, text: str) -> None:
        try:
            version = parse_version(text)
        except ValueError as error:
            raise bad_request(f'invalid resource version: resourceVersion: Invalid value: "{text}": {error}') from None
        if version > self._store.version:
            cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
            message = f"Timeout: Too large resource version: {version}, current: {self._store.version}"
            raise ApiError(504, message, "Timeout", {"causes": [cause], "retryAfterSeconds": 1})

    async def _review(self, request: web.Request) -> web.StreamResponse:
        return _answer(discovery.review_access(await _body(request)), 201)

    async def _group(self, request: web.Request) -> web.StreamResponse:
        return _found(discovery.api_group(request.match_info["group"]))

    async def _resources(self, request: web.Request) -> web.StreamResponse:
        return _found(discovery.api_resource_list(request.match_info["group"]))

    async def _healthy(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")


def _constant(document: JsonObject | None) -> _Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return _found(document)

    return answer


def _found(document: JsonObject | None) -> web.Response:
    if document is None:
        raise no_such_path()
    return _answer(document)


def _is_strict(request: web.Request) -> bool:
    refuse_what_is_missing(request.query)
    return request.query.get("fieldValidation") == "Strict"


async def _body(request: web.Request) -> bytes:
    if hdrs.CONTENT_TYPE in request.headers and request.content_type != "application/json":
        message = "the body of the request was in an unknown format - accepted media types include: application/json"
        raise ApiError(415, message, "UnsupportedMediaType")
    return await request.read()


def _answer(document: JsonObject, code: int = 200, unknown: list[str] | None = None) -> web.Response:
    response = web.Response(body=encode(document), status=code, content_type="application/json")
    response.headers["Cache-Control"] = "no-cache, private"
    for field in unknown or []:
        quoted = f'unknown field "{field}"'.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response
