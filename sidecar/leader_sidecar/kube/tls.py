"""Owns the TLS context: which authority must have signed the API server, and our own certificate where we have one."""

import ssl
import tempfile
from pathlib import Path


class TlsFault(Exception):
    """A certificate or key cannot be used; the message is one line for people."""


def server_context(ca: bytes | None, *, verify: bool = True) -> ssl.SSLContext:
    """Make a context that trusts one cluster's authority.

    Args:
        ca: PEM certificates; None for the system's authorities.
        verify: False trusts anybody, for clusters whose kubeconfig asks for that.

    Raises: TlsFault when the PEM holds no certificate.
    Source: DESIGN §4: not `create_default_context`, which rejects the authorities of some real clusters.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # As Go does, and so every kubeconfig expects: an intermediate authority in the file is trusted by itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cadata=ca.decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError) as error:
            raise TlsFault("holds no PEM certificate") from error
    return context


def add_client_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Present a certificate of our own to servers that ask for one.

    Args:
        certificate, key: PEM; the key without a passphrase.

    Raises: TlsFault when they do not fit together or the key wants a passphrase.
    """

    def no_passphrase() -> bytes:
        raise ValueError("the key wants a passphrase")  # else OpenSSL would ask on the terminal

    # The ssl module takes files only: this folder is ours alone (0700) and gone before the first connection.
    with tempfile.TemporaryDirectory(prefix="leader-sidecar-") as folder:
        certificate_file, key_file = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate_file.write_bytes(certificate)
        key_file.write_bytes(key)
        try:
            context.load_cert_chain(certificate_file, key_file, password=no_passphrase)
        except (ssl.SSLError, ValueError) as error:
            raise TlsFault(f"client certificate and key cannot be used: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return (error.reason or "not PEM").replace("_", " ").lower() if isinstance(error, ssl.SSLError) else str(error)
