"""Owns how `doctor` asks the API server: one bounded request on a connection of its own, told apart from no answer."""

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 5.0
_LONGEST_ANSWER_BYTES = 4 << 20


class NoAnswer(Exception):
    """The API server could not be asked.

    Args:
        why: what was seen, one line.
        fix: the command or setting that mends it.
    """

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """One answer of the API server.

    Args:
        body: decoded JSON, None where it is none.
        date_s: the server's wall clock in seconds since 1970, None where it does not tell.
    """

    status: int
    body: Any
    date_s: float | None

    @property
    def message(self) -> str:
        """What the server says of a failure, "" for nothing."""
        return str(self.body.get("message") or "") if isinstance(self.body, Mapping) else ""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """An API server and how to ask it.

    Args:
        url: `https://HOST:PORT`, with a path where it is behind one.
        tls: None for plain HTTP.
        headers: what authenticates us, "Authorization" or nothing.
        outside: reached from outside a cluster, by a kubeconfig.
        server_name: the name in the server's certificate, "" for the URL's host.
    """

    url: str
    tls: ssl.SSLContext | None
    headers: Mapping[str, str] = field(repr=False)
    outside: bool
    server_name: str = ""

    @property
    def new_token(self) -> str:
        """The command that gets us a token that is accepted."""
        if self.outside:
            return "kubectl config set-credentials NAME --token=$(kubectl create token SERVICE-ACCOUNT)"
        return "kubectl delete pod $POD_NAME"

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> ApiAnswer:
        """Send one request.

        Raises:
            NoAnswer: nothing came back in time, or TLS failed.
        """
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if self.tls else 80)
        connection = HTTPConnection(host, port, timeout=_TIMEOUT_S)
        headers = {"Accept": "application/json", "Content-Type": "application/json", **self.headers}
        try:
            connection.sock = socket.create_connection((host, port), _TIMEOUT_S)
            if self.tls is not None:
                connection.sock = self.tls.wrap_socket(connection.sock, server_hostname=self.server_name or host)
            connection.request(method, parts.path.rstrip("/") + path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            text = response.read(_LONGEST_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            raise self._no_answer(error) from None
        finally:
            connection.close()
        return ApiAnswer(response.status, _json(text), _seconds(response.headers.get("Date")))

    def _no_answer(self, error: Exception) -> NoAnswer:
        server = "kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'"
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"{self.url} shows a certificate that the configured authority did not sign ({error.verify_message})"
            return NoAnswer(why, "kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}'")
        if isinstance(error, ssl.SSLError):
            return NoAnswer(f"{self.url} does not speak TLS as expected ({error.reason or error})", server)
        if isinstance(error, TimeoutError):
            return NoAnswer(
                f"{self.url} did not answer within {_TIMEOUT_S:g}s: dropped on the way?", f"curl -vk {self.url}"
            )
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return NoAnswer(f"{self.url} cannot be reached ({reason})", server if self.outside else f"curl -vk {self.url}")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _seconds(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
