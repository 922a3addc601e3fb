"""Kubeconfig files, written as JSON, which every YAML reader takes."""

from __future__ import annotations

import base64
import json
from pathlib import Path


def write_kubeconfig(
    file: Path,
    url: str,
    *,
    ca_file: Path | None = None,
    token: str | None = None,
    certificate: tuple[Path, Path] | None = None,
    namespace: str = "default",
) -> Path:
    """Write a kubeconfig that carries its credentials within itself, readable by its owner only.

    Args:
        file: where to write.
        url: the server's address.
        ca_file: the authority of the server's certificate; None for plain HTTP.
        token: a bearer token, or None.
        certificate: files of a client certificate and its key, or None.
        namespace: the context's namespace.
    Returns: `file`.
    """
    cluster = {"server": url}
    if ca_file is not None:
        cluster["certificate-authority-data"] = _encoded(ca_file)
    user: dict[str, str] = {}
    if token is not None:
        user["token"] = token
    if certificate is not None:
        user["client-certificate-data"], user["client-key-data"] = (_encoded(part) for part in certificate)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": user}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests", "namespace": namespace}}],
        "current-context": "tests",
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(document, indent=2) + "\n")
    return file


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
