"""Asks the ledger over HTTP; every write carries the fencing token of the term."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_ANSWER_S = 5.0


class LedgerAway(Exception):
    """The ledger did not answer, so that nobody knows whether a write took effect: look at the batch again."""


class Refused(Exception):
    """The ledger refuses the write: a later term has written, or the pointer stands elsewhere."""


@dataclass(frozen=True)
class Batch:
    """The batch at the pointer: its number, its merchants in order, and those that were paid."""

    number: int
    merchants: tuple[str, ...]
    paid: frozenset[str]


class Ledger:
    """The ledger at a URL."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url).netloc

    def batch(self) -> Batch:
        """Read the batch at the pointer."""
        told = self._ask("GET", "/batch")
        return Batch(told["batch"], tuple(told["merchants"]), frozenset(told["paid"]))

    def stamp(self, token: int) -> None:
        """Shut older terms out."""
        self._ask("POST", "/stamp", token)

    def pay(self, token: int, batch: int, merchant: str) -> None:
        """Pay one merchant of a batch."""
        self._ask("POST", "/payments", token, {"batch": batch, "merchant": merchant})

    def move(self, token: int, batch: int) -> None:
        """Move the pointer from this batch to the next."""
        self._ask("POST", "/pointer", token, {"batch": batch})

    def purge(self, token: int) -> None:
        """Delete the rows that have expired."""
        self._ask("POST", "/purge", token)

    def evidence(self) -> dict[str, Any]:
        """Read what was accepted, refused and paid twice."""
        return self._ask("GET", "/evidence")

    def _ask(self, method: str, path: str, token: int | None = None, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["X-Fencing-Token"] = str(token)
        connection = http.client.HTTPConnection(self._place, timeout=_ANSWER_S)
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LedgerAway(str(error)) from None
        finally:
            connection.close()
        if answer.status >= 500:
            raise LedgerAway(told.get("detail", str(answer.status)))
        if answer.status >= 400:
            raise Refused(told.get("detail", str(answer.status)))
        return told
