"""Owns how an error is told: as a problem document (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web


class Problem(Exception):
    """A request that is not answered as it was asked.

    Args:
        status: the HTTP status.
        detail: one sentence for people that names the fix.
        headers: what else belongs to the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """Return the document: type, title, status and detail."""
        title = HTTPStatus(self.status).phrase
        document = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return json.dumps(document).encode()

    def response(self) -> web.Response:
        """Make the answer."""
        headers = {**self.headers, "Cache-Control": "no-store", "Content-Type": "application/problem+json"}
        return web.Response(status=self.status, body=self.body(), headers=headers)
