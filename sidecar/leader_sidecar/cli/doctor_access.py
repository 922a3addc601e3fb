"""Owns what `doctor` looks at before it asks the API server: where that is, and the token we would show."""

import base64
import json
from collections.abc import Mapping

from leader_sidecar.cli.api_asking import ApiServer
from leader_sidecar.cli.findings import Finding, hint, ok, skipped, wrong
from leader_sidecar.kube.endpoint import Endpoint, EndpointError, load_endpoint

_SOON_S = 60.0


def endpoint_findings(kubeconfig: str | None, environ: Mapping[str, str]) -> tuple[list[Finding], Endpoint | None]:
    """Find the API server as `run` would."""
    try:
        endpoint = load_endpoint(kubeconfig, environ)
    except EndpointError as error:
        # The message ends with the fix.
        why, _, fix = str(error).rpartition(": ")
        return [wrong("endpoint", why, fix)], None
    found = ok("endpoint", f"{endpoint.base_url}, from {endpoint.source}")
    return [found, *(hint("endpoint", warning) for warning in endpoint.warnings)], endpoint


def api_server(endpoint: Endpoint, now_s: float) -> ApiServer:
    """Make ready to ask the API server with the credentials that `run` would use."""
    header = endpoint.credentials.authorization(now_s)
    return ApiServer(
        endpoint.base_url,
        endpoint.ssl_context,
        {"Authorization": header} if header else {},
        outside=endpoint.source != "in-cluster",
        server_name=endpoint.server_name,
    )


def token_finding(api: ApiServer, wall_s: float) -> Finding:
    """Look when our token expires, where it is one that says so.

    Args:
        wall_s: wall clock, seconds since 1970; the API server's own judgement is the next check.
    """
    header = api.headers.get("Authorization", "")
    if not header:
        return skipped("token", "no bearer token: a client certificate, or an API server that asks for nothing")
    expires_s = _expiry_s(header.removeprefix("Bearer "))
    if expires_s is None:
        return ok("token", "readable; it does not say when it expires")
    left_s = expires_s - wall_s
    if left_s <= 0:
        return wrong("token", f"expired {-left_s:.0f}s ago by this machine's clock", api.new_token)
    if left_s < _SOON_S:
        return hint("token", f"expires in {left_s:.0f}s")
    return ok("token", f"readable, expires in {left_s / 60:.0f} min")


def _expiry_s(token: str) -> float | None:
    """Read `exp` of a JSON web token without judging its signature, which is the API server's business."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expiry = claims.get("exp") if isinstance(claims, dict) else None
    except ValueError:
        return None
    return float(expiry) if isinstance(expiry, int | float) else None
