"""Where the API server is looked for, and in which order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kube.authority import Certificates
from leader_sidecar.kube.endpoint import SERVICE_ACCOUNT_DIR_VARIABLE, EndpointError, load_endpoint


@pytest.fixture
def pod(tmp_path: Path, certificates: Certificates) -> dict[str, str]:
    """The environment of a pod whose service account is mounted."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("t0ken")
    (folder / "namespace").write_text("payments")
    (folder / "ca.crt").write_bytes(certificates.ca.read_bytes())
    return {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        SERVICE_ACCOUNT_DIR_VARIABLE: str(folder),
        "HOME": str(tmp_path / "nobody"),
    }


def write(file: Path, server: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "there"}}],
    }
    file.write_text(json.dumps(config))
    return file


def test_pod_uses_what_the_kubelet_puts_there(pod: dict[str, str]) -> None:
    endpoint = load_endpoint(None, pod)
    assert (endpoint.base_url, endpoint.namespace, endpoint.source) == (
        "https://10.0.0.1:443",
        "payments",
        "in-cluster",
    )
    assert endpoint.credentials.authorization(0.0) == "Bearer t0ken"
    assert endpoint.ssl_context is not None
    assert endpoint.ssl_context.cert_store_stats()["x509"] == 1
    assert endpoint.warnings == ()
    assert "t0ken" not in repr(endpoint)


@pytest.mark.parametrize("host", ["fd00::1", "[fd00::1]"])
def test_ipv6_host_is_bracketed(pod: dict[str, str], host: str) -> None:
    assert load_endpoint(None, pod | {"KUBERNETES_SERVICE_HOST": host}).base_url == "https://[fd00::1]:443"


def test_missing_namespace_file_leaves_the_namespace_open(pod: dict[str, str]) -> None:
    Path(pod[SERVICE_ACCOUNT_DIR_VARIABLE], "namespace").unlink()
    assert load_endpoint(None, pod).namespace == ""


def test_order_is_flag_then_pod_then_variable_then_home(pod: dict[str, str], tmp_path: Path) -> None:
    flag = write(tmp_path / "flag", "http://flag:1")
    variable = write(tmp_path / "variable", "http://variable:1")
    write(tmp_path / "home/.kube/config", "http://home:1")
    env = pod | {"KUBECONFIG": str(variable), "HOME": str(tmp_path / "home")}
    assert load_endpoint(str(flag), env).base_url == "http://flag:1"
    assert load_endpoint("", env).base_url == "https://10.0.0.1:443"
    del env["KUBERNETES_SERVICE_HOST"]
    assert load_endpoint(None, env).base_url == "http://variable:1"
    assert load_endpoint(None, env | {"KUBECONFIG": ":"}).base_url == "http://home:1"


def test_pod_without_a_token_falls_back_to_a_kubeconfig(pod: dict[str, str], tmp_path: Path) -> None:
    Path(pod[SERVICE_ACCOUNT_DIR_VARIABLE], "token").unlink()
    with pytest.raises(EndpointError, match="automountServiceAccountToken: true"):
        load_endpoint(None, pod)
    file = write(tmp_path / "config", "http://file:1")
    assert load_endpoint(None, pod | {"KUBECONFIG": str(file)}).base_url == "http://file:1"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("ca.crt", None, "cannot read .*ca.crt"),
        ("ca.crt", b"", "no PEM certificate"),
        ("token", b" \n", "is empty"),
    ],
)
def test_damaged_service_account_is_one_line_that_names_the_fix(
    pod: dict[str, str], file: str, content: bytes | None, says: str
) -> None:
    path = Path(pod[SERVICE_ACCOUNT_DIR_VARIABLE], file)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EndpointError, match=says) as error:
        load_endpoint(None, pod)
    assert "mount" in str(error.value)
    assert "\n" not in str(error.value)


def test_port_that_is_none_is_refused(pod: dict[str, str]) -> None:
    with pytest.raises(EndpointError, match=r"'tcp://10.0.0.1:443' is not a port"):
        load_endpoint(None, pod | {"KUBERNETES_SERVICE_PORT": "tcp://10.0.0.1:443"})


def test_nothing_at_all_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="--kubeconfig FILE"):
        load_endpoint(None, {"HOME": str(tmp_path)})


def test_pod_never_loads_yaml_or_the_kubeconfig_reader() -> None:
    code = (
        "import sys, leader_sidecar.kube.api\n"
        "unwanted = {'yaml', 'aiohttp.web', 'leader_sidecar.kube.kubeconfig', 'kubernetes', 'kopf'}\n"
        "loaded = unwanted & sys.modules.keys()\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    package = Path(__file__).parents[2] / "sidecar"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30, cwd=package)
