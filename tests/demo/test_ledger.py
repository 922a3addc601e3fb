"""The ledger over HTTP, asked as the app asks it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).parents[2] / "demo"
sys.path.insert(0, str(DEMO))

from housekeeping.ledger_client import Ledger, LedgerAway, Refused  # noqa: E402


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Run a ledger."""
    path = os.pathsep.join([str(DEMO), str(DEMO.parent / "sidecar")])
    command = [sys.executable, "-m", "housekeeping.ledger", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--database", str(tmp_path / "ledger.db")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdout is not None
    with process:
        yield json.loads(process.stdout.readline())["port"]
        process.terminate()


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_a_batch_is_paid_over_http(port: int) -> None:
    ledger = Ledger(f"http://127.0.0.1:{port}")
    batch = ledger.batch()
    ledger.stamp(3)
    for merchant in batch.merchants:
        ledger.pay(3, batch.number, merchant)
    assert ledger.batch().paid == frozenset(batch.merchants)
    ledger.move(3, batch.number)
    ledger.purge(3)
    assert ledger.batch().number == batch.number + 1
    with pytest.raises(Refused, match="stale"):
        ledger.stamp(2)


def test_who_is_not_there_is_away_and_not_refused() -> None:
    with pytest.raises(LedgerAway):
        Ledger("http://127.0.0.1:9").batch()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"X_Fencing_Token": "2"}, 412), ({"X_Fencing_Token": "02"}, 400), ({"X_Fencing_Token": "+2"}, 400), ({}, 428)],
)
def test_refusals_have_their_status(port: int, headers: dict[str, str], status: int) -> None:
    assert ask(port, "POST", "/stamp", X_Fencing_Token="3")[0] == 200
    assert ask(port, "POST", "/stamp", **headers)[0] == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"batch": "x", "merchant": "y"}', b'{"batch": 1e999}'])
def test_a_body_that_is_none_is_refused_and_writes_nothing(port: int, body: bytes) -> None:
    status, told = ask(port, "POST", "/payments", body, X_Fencing_Token="3")
    assert status == 400
    assert told["detail"]
    assert ask(port, "GET", "/evidence")[1]["accepted"] == []


def test_there_is_nothing_elsewhere(port: int) -> None:
    assert ask(port, "GET", "/nothing")[0] == 404
    assert ask(port, "POST", "/nothing", X_Fencing_Token="3")[0] == 400
    assert ask(port, "GET", "/healthz") == (200, {"ok": True})
