"""Owns how the small commands ask a sidecar: over plain HTTP on loopback, with a bound on every wait."""

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from leader_sidecar.runtime.durations import format_duration

DEFAULT_URL = "http://localhost:8080"
URL_VARIABLE = "LEADER_URL"
ANSWER_S = 5.0  # a sidecar answers from memory
_LONGEST_ANSWER_BYTES = 1 << 20


class Unreachable(Exception):
    """Nobody answers there, at least not now; the message is one line that names the fix."""


class Refused(Exception):
    """What answers there will not answer this, or is no sidecar; the message is one line that names the fix."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Where a sidecar answers."""

    host: str
    port: int
    prefix: str = ""

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.prefix}"

    def get(self, path: str, timeout_s: float = ANSWER_S) -> Reply:
        """Ask once.

        Raises:
            Unreachable: no answer, or none in time.
        """
        connection = HTTPConnection(self.host, self.port, timeout=timeout_s)
        try:
            connection.request("GET", self.prefix + path, headers={"Accept": "*/*", "Connection": "close"})
            response = connection.getresponse()
            text = response.read(_LONGEST_ANSWER_BYTES).decode("utf-8", "replace")
        except TimeoutError:
            raise Unreachable(f"no answer from {self.url} within {timeout_s:g}s: {_FIX}") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unreachable(f"cannot reach a sidecar at {self.url} ({reason}): {_FIX}") from None
        finally:
            connection.close()
        return Reply(response.status, text)

    def answer(self, election: str | None = None, index: int | None = None, wait_s: float = 0.0) -> dict[str, Any]:
        """Ask who leads.

        Args:
            election: `[NAMESPACE/]NAME`, None for the sidecar's first.
            index, wait_s: answer when the index differs from this one, or after this long; with an index only.

        Raises:
            Unreachable: no answer, or the sidecar cannot answer now.
            Refused: no such election, or no sidecar.
        """
        query = f"?index={index}&wait={format_duration(wait_s)}" if index is not None else ""
        reply = self.get(f"{leader_path(election)}{query}", ANSWER_S + wait_s)
        return self._document(self.decode(reply), reply)

    def answers(self) -> list[dict[str, Any]]:
        """Ask for every election of the sidecar; raises as `answer` does."""
        reply = self.get("/elections")
        found = self.decode(reply)
        found = found.get("elections") if isinstance(found, Mapping) else found
        if not isinstance(found, list):
            raise self.stranger(reply)
        return [self._document(one, reply) for one in found]

    def decode(self, reply: Reply) -> Any:
        """Read an answer of status 200 as JSON; raises as `answer` does."""
        if reply.status != 200:
            raise self.refusal(reply)
        try:
            return json.loads(reply.text)
        except ValueError:
            raise self.stranger(reply) from None

    def refusal(self, reply: Reply) -> Exception:
        """Make the exception that tells a person why there is no answer."""
        try:
            problem = json.loads(reply.text)
        except ValueError:
            problem = None
        if not isinstance(problem, Mapping) or not (problem.get("detail") or problem.get("title")):
            return self.stranger(reply)
        said = " ".join(str(problem.get("detail") or problem.get("title")).split())
        sentence = f"{self.url} answers {reply.status}: {said}"
        return Unreachable(sentence) if reply.status >= 500 else Refused(sentence)

    def stranger(self, reply: Reply) -> Exception:
        """Make the exception for something that answers, but not as a sidecar does."""
        return Refused(f"what answers at {self.url} (status {reply.status}) is no leader-sidecar: {_FIX}")

    def _document(self, found: Any, reply: Reply) -> dict[str, Any]:
        shape = {"election": str, "isLeader": bool, "index": int}
        if not isinstance(found, dict) or not all(isinstance(found.get(key), kind) for key, kind in shape.items()):
            raise self.stranger(reply)
        if found["isLeader"] and not isinstance(found.get("token"), int):
            raise self.stranger(reply)
        return found


_FIX = f"is it running, and is this its --listen? set --url or {URL_VARIABLE}"


def leader_path(election: str | None) -> str:
    """The path of an election's answer; without one, that of the sidecar's first."""
    return f"/elections/{quote(election, safe='')}/leader" if election else "/leader"


def read_url(text: str) -> Sidecar:
    """Read a sidecar's URL; raises `ValueError` with the rest of a sentence that names the fix."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme != "http" or not host or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"is no URL of a sidecar: write it as {DEFAULT_URL}")
    return Sidecar(host, port or 80, parts.path.rstrip("/").removesuffix("/leader"))


def add_url(parser: argparse.ArgumentParser) -> None:
    """Give a command `--url`; the default, the environment's included, is read by the same rules."""
    from leader_sidecar.cli.parsing import typed

    parser.add_argument(
        "--url",
        type=typed(read_url),
        default=os.environ.get(URL_VARIABLE) or DEFAULT_URL,
        metavar="URL",
        help=f"where the sidecar answers (default {DEFAULT_URL}, environment {URL_VARIABLE})",
    )


def add_election(parser: argparse.ArgumentParser) -> None:
    """Give a command `--election`."""
    parser.add_argument(
        "--election", metavar="[NAMESPACE/]NAME", help="which of the sidecar's elections (default the first)"
    )
