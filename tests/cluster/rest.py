"""Plain blocking requests to an API server, for what a test needs before it begins."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_TIMEOUT_S = 10.0


class RestError(Exception):
    """The API server answered a request with an error; `status` is its code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class RestClient:
    """Ask an API server over TLS, as the holder of a client certificate.

    Attributes:
        tls: the context of its connections, with the certificate; other clients may use it.

    Args:
        url: `https://127.0.0.1:PORT`.
        ca_file: the authority of the server's certificate.
        certificate: files of the client's certificate and key.
    """

    def __init__(self, url: str, ca_file: Path, certificate: tuple[Path, Path]) -> None:
        self._address = urllib.parse.urlsplit(url).netloc
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.load_verify_locations(ca_file)
        self.tls.load_cert_chain(*certificate)

    def request(self, method: str, path: str, body: object = None, timeout_s: float = _TIMEOUT_S) -> Any:
        """Send one request on a connection of its own.

        Returns: the answer's JSON, or its text where it is none.
        Raises: RestError for a status of 400 or more; OSError or http.client.HTTPException when nothing answered.
        """
        connection = http.client.HTTPSConnection(self._address, context=self.tls, timeout=timeout_s)
        try:
            return _exchange(connection, method, path, body)
        finally:
            connection.close()

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[Callable[..., Any]]:
        """Give a `request` whose connection stays open, for hundreds of them."""
        connection = http.client.HTTPSConnection(self._address, context=self.tls, timeout=_TIMEOUT_S)
        try:
            yield lambda method, path, body=None: _exchange(connection, method, path, body)
        finally:
            connection.close()


def _exchange(connection: http.client.HTTPSConnection, method: str, path: str, body: object) -> Any:
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json", "Accept": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    is_json = answer.headers.get_content_type() == "application/json"
    result = json.loads(text) if is_json else text
    if answer.status >= 400:
        raise RestError(answer.status, result.get("message", text) if isinstance(result, dict) else text)
    return result
