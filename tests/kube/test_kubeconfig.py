"""A kubeconfig's current context as an Endpoint, and what of it is refused by name."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from kube.authority import Certificates
from leader_sidecar.kube.endpoint import Endpoint, EndpointError
from leader_sidecar.kube.kubeconfig import load_kubeconfig


def load(
    folder: Path,
    cluster: dict[str, Any],
    user: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    current: str = "c",
) -> Endpoint:
    config = {
        "current-context": current,
        "clusters": [{"name": "k", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"} | (context or {})}],
    }
    file = folder / "config"
    file.write_text(json.dumps(config))
    return load_kubeconfig([file], must_exist=True)


def data(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def test_context_gives_server_token_and_namespace(tmp_path: Path) -> None:
    endpoint = load(tmp_path, {"server": "http://127.0.0.1:1/"}, {"token": "t"}, {"namespace": "payments"})
    assert (endpoint.base_url, endpoint.namespace) == ("http://127.0.0.1:1", "payments")
    assert endpoint.source == f"{tmp_path}/config, context c"
    assert endpoint.credentials.authorization(0.0) == "Bearer t"
    assert endpoint.ssl_context is None
    assert load(tmp_path, {"server": "http://127.0.0.1:1"}).namespace == "default"


def test_authority_comes_from_data_before_file_and_file_is_relative_to_the_kubeconfig(
    tmp_path: Path, certificates: Certificates
) -> None:
    server = {"server": "https://x:1", "tls-server-name": "y"}
    (tmp_path / "ca.pem").write_bytes(certificates.ca.read_bytes())
    by_file = load(tmp_path, server | {"certificate-authority": "ca.pem"})
    by_data = load(
        tmp_path, server | {"certificate-authority-data": data(certificates.ca), "certificate-authority": "absent"}
    )
    for endpoint in (by_file, by_data):
        assert endpoint.ssl_context is not None
        assert endpoint.ssl_context.cert_store_stats()["x509"] == 1
        assert endpoint.ssl_context.verify_mode is ssl.CERT_REQUIRED
        assert endpoint.server_name == "y"


def test_client_certificate_comes_from_files_or_data(tmp_path: Path, certificates: Certificates) -> None:
    certificate, key = certificates.client
    cluster = {"server": "https://x:1", "certificate-authority": str(certificates.ca)}
    assert load(tmp_path, cluster, {"client-certificate": str(certificate), "client-key-data": data(key)}).ssl_context
    with pytest.raises(EndpointError, match="go together"):
        load(tmp_path, cluster, {"client-certificate": str(certificate)})
    with pytest.raises(EndpointError, match=r"user 'u' in .*cannot be used"):
        load(tmp_path, cluster, {"client-certificate": str(certificate), "client-key": str(certificates.ca)})


def test_token_file_goes_before_token_and_is_followed(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("one")
    endpoint = load(tmp_path, {"server": "http://127.0.0.1:1"}, {"tokenFile": "t", "token": "other"})
    assert endpoint.credentials.authorization(0.0) == "Bearer one"
    (tmp_path / "t").write_text("another")
    assert endpoint.credentials.authorization(9.0) == "Bearer another"
    with pytest.raises(EndpointError, match="cannot read the token file"):
        load(tmp_path, {"server": "http://127.0.0.1:1"}, {"tokenFile": "absent"})


def test_unverified_and_unencrypted_servers_are_taken_with_a_warning(tmp_path: Path) -> None:
    endpoint = load(tmp_path, {"server": "https://x:1", "insecure-skip-tls-verify": True})
    assert endpoint.ssl_context is not None
    assert endpoint.ssl_context.verify_mode is ssl.CERT_NONE
    assert "insecure-skip-tls-verify" in endpoint.warnings[0]
    assert "unencrypted" in load(tmp_path, {"server": "http://10.0.0.1"}, {"token": "t"}).warnings[0]
    assert load(tmp_path, {"server": "http://10.0.0.1"}).warnings == ()
    for loopback in ("127.0.0.1:1", "[::1]:1", "localhost"):
        assert load(tmp_path, {"server": f"http://{loopback}"}, {"token": "t"}).warnings == ()


@pytest.mark.parametrize(
    ("user", "what"),
    [
        ({"exec": {"command": "aws"}}, "an exec plugin"),
        ({"auth-provider": {"name": "oidc"}}, "an auth-provider"),
        ({"username": "u", "password": "p"}, "a user name and password"),
        ({"token": "t", "as": "root"}, "impersonation"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_with_what_to_do(
    tmp_path: Path, user: dict[str, Any], what: str
) -> None:
    with pytest.raises(EndpointError, match=what) as error:
        load(tmp_path, {"server": "https://x:1", "insecure-skip-tls-verify": True}, user)
    assert "kubectl create token" in str(error.value)
    assert "\n" not in str(error.value)


def test_proxy_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="proxy-url is not supported"):
        load(tmp_path, {"server": "https://x:1", "proxy-url": "http://proxy:3128"})


@pytest.mark.parametrize(
    "server", ["", "x:1", "ftp://x", "https://", "https://user:pass@x", "https://x?a=b", "https://x:port", "https://[x"]
)
def test_server_that_is_no_plain_url_is_refused(tmp_path: Path, server: str) -> None:
    with pytest.raises(EndpointError, match="is not a URL like https://HOST:PORT"):
        load(tmp_path, {"server": server})


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ({"certificate-authority-data": "%%%"}, "not base64"),
        ({"certificate-authority-data": "YQ=="}, "holds no PEM certificate"),
        ({"certificate-authority": "absent.pem"}, "cannot read certificate-authority"),
        ({"insecure-skip-tls-verify": True, "certificate-authority-data": "YQ=="}, "remove the first"),
        ({"insecure-skip-tls-verify": "yes"}, "write true or false"),
        ({"tls-server-name": 7}, "not a string"),
    ],
)
def test_fault_in_a_cluster_is_one_line_that_names_it(tmp_path: Path, cluster: dict[str, Any], says: str) -> None:
    with pytest.raises(EndpointError, match=says) as error:
        load(tmp_path, {"server": "https://x:1"} | cluster)
    assert f"cluster 'k' in {tmp_path}/config" in str(error.value)


def test_token_that_cannot_stand_in_a_header_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="not a bearer token") as error:
        load(tmp_path, {"server": "http://127.0.0.1"}, {"token": "two words"})
    assert "two words" not in str(error.value)


def test_context_without_a_user_sends_no_credentials(tmp_path: Path) -> None:
    endpoint = load(tmp_path, {"server": "http://127.0.0.1"}, {"token": "t"}, {"user": ""})
    assert endpoint.credentials.authorization(0.0) == ""


def test_missing_current_context_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="kubectl config use-context NAME"):
        load(tmp_path, {"server": "http://127.0.0.1"}, current="")
    with pytest.raises(EndpointError, match=r"no context 'other'.*there are: c"):
        load(tmp_path, {"server": "http://127.0.0.1"}, current="other")
