"""The real API server of the tests: rights, tokens and kubeconfigs are real, and outages can be made and ended."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from pathlib import Path

import pytest

from cluster.apiserver import ApiServer
from cluster.rest import RestError

pytestmark = pytest.mark.apiserver

LEASES = "/apis/coordination.k8s.io/v1/namespaces/disturbed/leases"


@pytest.fixture
def leases(apiserver: ApiServer) -> str:
    apiserver.make_namespace("disturbed")
    return LEASES


def ask(apiserver: ApiServer, path: str, token: str) -> int:
    """Return the status of a GET with a token."""
    connection = http.client.HTTPSConnection(apiserver.url.removeprefix("https://"), context=apiserver.client_tls())
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_token_is_a_real_one_and_carries_its_expiry(apiserver: ApiServer, leases: str) -> None:
    apiserver.make_service_account("disturbed", "candidate")
    token = apiserver.token("disturbed", "candidate", expires_s=600)
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sub"] == "system:serviceaccount:disturbed:candidate"
    assert claims["exp"] - claims["iat"] == 600
    assert ask(apiserver, f"{leases}/payouts", token) == 403
    assert ask(apiserver, f"{leases}/payouts", token[:-8]) == 401


def test_a_grant_is_in_force_when_it_returns_and_for_its_names_only(apiserver: ApiServer, leases: str) -> None:
    apiserver.make_service_account("disturbed", "granted")
    apiserver.grant("disturbed", "granted", ["get"], names=["payouts"])
    token = apiserver.token("disturbed", "granted")
    assert ask(apiserver, f"{leases}/payouts", token) == 404
    assert ask(apiserver, f"{leases}/reports", token) == 403


def test_kubeconfigs_name_the_server_and_the_credentials(apiserver: ApiServer, leases: str, tmp_path: Path) -> None:
    apiserver.make_service_account("disturbed", "configured")
    file = apiserver.kubeconfig_with_token(tmp_path / "token", "disturbed", "configured")
    document = json.loads(file.read_text())
    assert document["clusters"][0]["cluster"]["server"] == apiserver.url
    ca = base64.b64decode(document["clusters"][0]["cluster"]["certificate-authority-data"])
    assert ca == apiserver.ca_file.read_bytes()
    assert document["contexts"][0]["context"]["namespace"] == "disturbed"
    assert ask(apiserver, leases, document["users"][0]["user"]["token"]) == 403
    admin = json.loads(apiserver.kubeconfig_with_certificate(tmp_path / "admin").read_text())["users"][0]["user"]
    assert admin.keys() == {"client-certificate-data", "client-key-data"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_written_outlives_a_restart_of_both(apiserver: ApiServer, leases: str) -> None:
    made = apiserver.admin.request("POST", leases, {"metadata": {"generateName": "kept-"}})
    for process in (apiserver.server, apiserver.etcd):
        process.kill()
    with pytest.raises(ConnectionRefusedError):
        apiserver.admin.request("GET", leases)
    for process in (apiserver.etcd, apiserver.server):
        process.start()
    apiserver.wait_ready()
    assert apiserver.admin.request("GET", f"{leases}/{made['metadata']['name']}") == made


def test_a_paused_server_keeps_connections_and_answers_nothing(apiserver: ApiServer, leases: str) -> None:
    apiserver.server.pause()
    try:
        with pytest.raises(TimeoutError):
            apiserver.admin.request("GET", leases, timeout_s=0.3)
    finally:
        apiserver.server.resume()
    apiserver.wait_ready()


def test_a_server_without_its_etcd_does_not_write(apiserver: ApiServer, leases: str) -> None:
    apiserver.etcd.pause()
    try:
        with pytest.raises((TimeoutError, RestError)):
            apiserver.admin.request("POST", leases, {"metadata": {"generateName": "late-"}}, timeout_s=1.0)
    finally:
        apiserver.etcd.resume()
    apiserver.wait_ready()


def test_waiting_for_one_that_ended_says_so_at_once(apiserver: ApiServer) -> None:
    apiserver.server.kill()
    began_s = time.monotonic()
    try:
        with pytest.raises(RuntimeError, match="kube-apiserver ended"):
            apiserver.wait_ready()
        assert time.monotonic() - began_s < 1
    finally:
        apiserver.server.start()
        apiserver.wait_ready()


def test_it_listens_on_loopback_only(apiserver: ApiServer) -> None:
    port = int(apiserver.url.rpartition(":")[2])
    with socket.socket() as other:
        # Bound by a wildcard listener, the port would be taken on every address of the loopback.
        other.bind(("127.0.0.2", port))
