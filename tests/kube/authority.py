"""A certificate authority and what it signed, made once for all tests."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from cluster.certificates import Authority


@dataclass(frozen=True)
class Certificates:
    """PEM files: two authorities that do not know each other, a server and a client of the first."""

    ca: Path
    other_ca: Path
    server: tuple[Path, Path]
    client: tuple[Path, Path]

    def server_tls(self, *, wants_client: bool = False) -> ssl.SSLContext:
        """Return the server's side."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server)
        if wants_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def make_certificates(folder: Path) -> Certificates:
    """Issue them all."""
    (folder / "other").mkdir()
    authority, other = Authority(folder), Authority(folder / "other")
    return Certificates(
        authority.ca_file, other.ca_file, authority.issue_server("server"), authority.issue_client("somebody")
    )
