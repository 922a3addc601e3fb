"""`doctor` on a real API server with RBAC: the commands it names mend what it finds."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.apiserver import ApiServer
from cluster.programs import find_programs

pytestmark = [pytest.mark.apiserver, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as api:
        api.make_namespace("demo")
        api.make_service_account("demo", "candidate")
        yield api


def fixes(out: str) -> list[str]:
    return [line.partition("fix: ")[2] for line in out.splitlines() if line.lstrip().startswith("fix: ")]


def test_two_commands_take_a_bare_service_account_to_all_is_well(
    server: ApiServer, call: Callable[..., Any], tmp_path: Path
) -> None:
    config = server.kubeconfig_with_token(tmp_path / "candidate", "demo", "candidate")
    admin = server.kubeconfig_with_certificate(tmp_path / "admin")
    kubectl = find_programs().kube_apiserver.parent
    environ = {**os.environ, "PATH": f"{kubectl}:{os.environ['PATH']}", "KUBECONFIG": str(admin)}
    flags = ["--kubeconfig", str(config), "--election", "demo/payouts", "--listen=127.0.0.1:0", "--probe-listen=:0"]
    if not (kubectl / "kubectl").exists():
        pytest.skip(f"no kubectl beside kube-apiserver: put one into {kubectl}")
    for wrong in ("get, update, watch on leases/payouts in demo is denied", "is absent, and --create-lease is off"):
        ended = call("doctor", *flags)
        assert ended.code == 1
        assert wrong in ended.out
        (fix,) = fixes(ended.out)
        subprocess.run(["bash", "-c", fix], env=environ, check=True, timeout=60)
        for verb in ("get", "update", "watch"):
            server.wait_allowed(
                "demo", "candidate", verb, resource="leases", group="coordination.k8s.io", name="payouts"
            )
    ended = call("doctor", *flags)
    assert ended.code == 0
    assert ended.out.endswith("all is well\n")


def test_a_token_that_the_server_refuses_is_wrong(server: ApiServer, call: Callable[..., Any], tmp_path: Path) -> None:
    config = server.kubeconfig_with_token(tmp_path / "config", "demo", "candidate")
    text = config.read_text()
    config.write_text(text.replace(text.split('"token": "')[1][:20], "e30"))
    ended = call(
        "doctor", "--kubeconfig", str(config), "--election", "demo/payouts", "--listen=127.0.0.1:0", "--probe-listen=:0"
    )
    assert ended.code == 1
    assert "does not accept our credentials (401)" in ended.out


def test_an_authority_that_did_not_sign_is_told_as_such(
    server: ApiServer, call: Callable[..., Any], tmp_path: Path
) -> None:
    config = server.kubeconfig_with_token(tmp_path / "config", "demo", "candidate")
    lines = [line for line in config.read_text().splitlines() if "certificate-authority-data" not in line]
    config.write_text("\n".join(lines).replace(f'"{server.url}",', f'"{server.url}"'))
    ended = call(
        "doctor", "--kubeconfig", str(config), "--election", "demo/payouts", "--listen=127.0.0.1:0", "--probe-listen=:0"
    )
    assert ended.code == 2
    assert "shows a certificate that the configured authority did not sign" in ended.out
