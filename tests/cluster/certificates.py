"""The certificates and keys of one throw-away API server, under an authority of its own."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=2)
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Authority:
    """Issue certificates for one API server and its clients.

    Args:
        folder: where `ca.crt` and every issued `NAME.crt` and `NAME.key` are written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca_file = folder / "ca.crt"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leader-sidecar-tests")])
        certificate = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue_server(self, name: str) -> tuple[Path, Path]:
        """Issue a certificate for a server on 127.0.0.1 and localhost.

        Returns: the files of the certificate and of its key.
        """
        names: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.DNSName("kubernetes.default.svc"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        return self._issue(name, subject, ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(names))

    def issue_client(self, user: str, groups: tuple[str, ...] = ()) -> tuple[Path, Path]:
        """Issue a certificate that the API server takes for this user in these groups.

        Returns: the files of the certificate and of its key.
        """
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
        return self._issue(user.replace(":", "-"), subject, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def make_signing_key(self, name: str) -> Path:
        """Make a key that signs service-account tokens.

        Returns: the file of the private key; the API server derives the public one from it.
        """
        return self._write_key(name, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def _issue(
        self,
        name: str,
        subject: list[x509.NameAttribute[str]],
        usage: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
    ) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name(subject), key).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate_file = self.folder / f"{name}.crt"
        certificate_file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return certificate_file, self._write_key(name, key)

    def _builder(self, subject: x509.Name, key: _PrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # An hour back: a clock that is set back while the tests run must not make the certificates invalid.
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + _LIFE)
        )

    def _write_key(self, name: str, key: _PrivateKey) -> Path:
        file = self.folder / f"{name}.key"
        file.touch(mode=0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return file
