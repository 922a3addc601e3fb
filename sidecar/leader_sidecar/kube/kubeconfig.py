"""Owns the reading of kubeconfig files into an Endpoint: what of them is used, and what is refused by name.

Several files are merged as kubectl merges them: the first file that has a cluster, a user or a context of some name has
it whole, and the first current-context counts. Relative paths are relative to the file they stand in.
"""

import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from leader_sidecar.kube.credentials import Credentials, StaticToken, TokenFault, TokenFile
from leader_sidecar.kube.endpoint import Endpoint, EndpointError
from leader_sidecar.kube.kubeconfig_files import Entry, read_kubeconfigs
from leader_sidecar.kube.tls import TlsFault, add_client_certificate, server_context

# What a user may hold that leader-sidecar cannot do, with what to do instead.
_REFUSED_OF_USER = {
    "exec": "an exec plugin",
    "auth-provider": "an auth-provider",
    "username": "a user name and password",
    "password": "a user name and password",
    "as": "impersonation",
    "as-uid": "impersonation",
    "as-groups": "impersonation",
    "as-user-extra": "impersonation",
}
_INSTEAD = "give it a token: kubectl config set-credentials NAME --token=$(kubectl create token SERVICEACCOUNT)"


def load_kubeconfig(files: Sequence[Path], *, must_exist: bool) -> Endpoint:
    """Read kubeconfig files into an Endpoint for their current context.

    Args:
        files: in order of precedence.
        must_exist: False skips files that are not there, as kubectl does for those of KUBECONFIG.

    Raises: EndpointError with one line that names the fix.
    """
    config = read_kubeconfigs(files, must_exist=must_exist)
    if not config.current_context:
        raise EndpointError(f"{config.source}: no current-context: kubectl config use-context NAME")
    context = config.entry("context", config.current_context)
    cluster = config.entry("cluster", context.text("cluster"))
    user = config.entry("user", context.text("user")) if context.text("user") else Entry("user", "", {}, Path())
    url = _server(cluster)
    try:
        tls = _tls_context(cluster, user) if url.startswith("https:") else None
        credentials = _credentials(user)
    except (TokenFault, TlsFault) as error:
        raise EndpointError(f"{user.place or cluster.place}: {error}") from error
    return Endpoint(
        base_url=url,
        ssl_context=tls,
        credentials=credentials,
        namespace=context.text("namespace") or "default",
        source=f"{config.source}, context {config.current_context}",
        server_name=cluster.text("tls-server-name"),
        warnings=tuple(_warnings(cluster, url, bool(credentials.authorization(0.0)))),
    )


def _server(cluster: Entry) -> str:
    url = cluster.text("server")
    if cluster.text("proxy-url"):
        raise EndpointError(f"{cluster.place}: proxy-url is not supported: remove it and reach the API server directly")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise EndpointError(f"{cluster.place}: server {url!r} is not a URL like https://HOST:PORT: set it to one")
    return url.rstrip("/")


def _tls_context(cluster: Entry, user: Entry) -> ssl.SSLContext:
    ca, insecure = cluster.content("certificate-authority"), cluster.flag("insecure-skip-tls-verify")
    if insecure and ca is not None:
        raise EndpointError(f"{cluster.place}: insecure-skip-tls-verify and a certificate-authority: remove the first")
    try:
        context = server_context(ca, verify=not insecure)
    except TlsFault as error:
        raise EndpointError(f"{cluster.place}: certificate-authority {error}: give the cluster's CA as PEM") from error
    certificate, key = user.content("client-certificate"), user.content("client-key")
    if (certificate is None) != (key is None):
        raise EndpointError(f"{user.place}: client-certificate and client-key go together: give both")
    if certificate is not None and key is not None:
        add_client_certificate(context, certificate, key)
    return context


def _credentials(user: Entry) -> Credentials:
    for key, what in _REFUSED_OF_USER.items():
        if user.fields.get(key):
            raise EndpointError(f"{user.place} uses {what}, which leader-sidecar does not run: {_INSTEAD}")
    file = user.path("tokenFile")
    return TokenFile(file) if file is not None else StaticToken(user.text("token"))


def _warnings(cluster: Entry, url: str, has_token: bool) -> list[str]:
    warnings = []
    if cluster.flag("insecure-skip-tls-verify"):
        warnings.append(f"{cluster.place}: insecure-skip-tls-verify: anybody on the way can pose as the API server")
    if url.startswith("http:") and has_token and not _is_loopback(urlsplit(url).hostname or ""):
        warnings.append(f"{cluster.place}: the token goes to {url} unencrypted: use https")
    return warnings


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
