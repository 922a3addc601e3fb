"""Owns the requests that injection sends to the API server, by path: read, write at a version, create."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from leader_sidecar.core.record import Malformed
from leader_sidecar.kube.answers import decode, message_of, status_object
from leader_sidecar.kube.endpoint import Endpoint
from leader_sidecar.kube.transport import Failure, Lane

Object = dict[str, Any]

_TIMEOUT_S = 3.0  # an admission review that waits for an answer has 4 s in all


class ApiFault(Exception):
    """A request did not come to what it was sent for; the message is one line.

    Args:
        status: of the answer, 0 for none; without an answer nobody knows whether a write was carried out.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Objects:
    """Read and write objects of any kind, one request after another over one connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._lane = Lane(endpoint)

    async def read(self, path: str, query: str = "") -> Object | None:
        """Return the object; None where there is none.

        Raises: ApiFault.
        """
        try:
            return await self._exchange("GET", path, query=query)
        except ApiFault as fault:
            if fault.status == 404:
                return None
            raise

    async def replace(self, path: str, body: Mapping[str, Any]) -> Object:
        """Write the object that was read, if nobody wrote it since.

        Raises: ApiFault; with status 409 where somebody did.
        """
        return await self._exchange("PUT", path, body)

    async def create(self, path: str, body: Mapping[str, Any]) -> Object:
        """Create an object in a collection.

        Raises: ApiFault; with status 409 where it exists.
        """
        return await self._exchange("POST", path, body)

    async def close(self) -> None:
        """Close the connection."""
        await self._lane.close()

    async def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: str = ""
    ) -> Object:
        sent = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        reply = await self._lane.exchange(method, path, query=query, body=sent, timeout_s=_TIMEOUT_S)
        if isinstance(reply, Failure):
            raise ApiFault(0, f"{method} {path}: {reply.message}")
        value = decode(reply.body)
        if reply.status >= 300:
            raise ApiFault(reply.status, f"{method} {path}: {reply.status} {message_of(status_object(value))}".rstrip())
        if isinstance(value, Malformed) or not isinstance(value, dict):
            raise ApiFault(reply.status, f"{method} {path}: the answer is no object")
        return value


def path_of(group: str, resource: str, name: str = "", namespace: str = "") -> str:
    """Return a path of the API, percent-encoded.

    Args:
        group: with its version, such as `apps/v1`; `v1` for the core's.
        name: "" for the collection.
    """
    parts = ["apis" if "/" in group else "api", group]
    parts += ["namespaces", quote(namespace, safe="")] if namespace else []
    parts += [resource, *([quote(name, safe="")] if name else [])]
    return "/" + "/".join(parts)
