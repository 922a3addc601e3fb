"""Owns the certificates that the operator makes for its webhook, and how one follows another without a gap.

A generation is a self-signed serving certificate, which is its own authority: whoever trusts it trusts nothing else.
All replicas share the generations in one Secret, one key each, and each concludes the same from them:

1. The youngest older than two thirds of its life: another is made.
2. The bundle that API servers trust holds every generation until it expires, the new ones from the first moment.
3. A generation serves once it has been in the bundle for a while (a tenth of a life, at most ten minutes), which is
   longer than an API server needs to take notice, and more than the clocks of nodes differ.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SUFFIX = ".pem"
_LONGEST_SETTLING_S = 600.0
_CLOCKS_DIFFER_S = 3600


@dataclass(frozen=True, slots=True, order=True)
class Generation:
    """One certificate with its key.

    Args:
        made_s, expires_s: wall time, seconds since 1970.
        certificate, key: PEM.
    """

    made_s: int
    expires_s: int
    certificate: bytes
    key: bytes


def make_generation(dns_names: Sequence[str], now_s: int, lifetime_s: int) -> Generation:
    """Make a certificate for these names.

    Args:
        now_s: wall time, seconds since 1970.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    # The names tell generations apart, so that a client that trusts both takes the right one for the issuer.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"leader-sidecar-operator {now_s}")])
    now = datetime.fromtimestamp(now_s, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=_CLOCKS_DIFFER_S))
        .not_valid_after(now + timedelta(seconds=lifetime_s))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in dns_names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Generation(
        now_s,
        now_s + lifetime_s,
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, *plain),
    )


def needs_another(generations: Iterable[Generation], now_s: float, lifetime_s: int) -> bool:
    """Say whether it is time for a new generation (rule 1)."""
    return all(now_s >= one.made_s + min(lifetime_s, one.expires_s - one.made_s) * 2 / 3 for one in generations)


def bundle(generations: Iterable[Generation], published: bytes, now_s: float) -> bytes:
    """Return the PEM of all certificates to be trusted (rule 2).

    Args:
        published: the bundle as it stands. What is in it stays until it expires, because another replica may serve it.
    """
    trusted = {one.certificate: one.expires_s for one in generations}
    try:
        there = x509.load_pem_x509_certificates(published) if published.strip() else []
    except ValueError:
        there = []
    for certificate in there:
        expires_s = int(certificate.not_valid_after_utc.timestamp())
        trusted.setdefault(certificate.public_bytes(serialization.Encoding.PEM), expires_s)
    alive = [(expires_s, pem) for pem, expires_s in trusted.items() if expires_s > now_s]
    return b"".join(pem for _, pem in sorted(alive))


def serving(generations: Iterable[Generation], published: bytes, now_s: float) -> Generation | None:
    """Choose the generation to serve (rule 3): the youngest that has settled, else the oldest; None for none.

    Args:
        published: the bundle that the API servers are known to have been given.
    """
    known = sorted(one for one in generations if one.certificate in published and one.expires_s > now_s)
    settled = [one for one in known if now_s >= one.made_s + _settling_s(one)]
    return settled[-1] if settled else (known[0] if known else None)


def _settling_s(generation: Generation) -> float:
    return min((generation.expires_s - generation.made_s) / 10, _LONGEST_SETTLING_S)


def to_data(generations: Iterable[Generation]) -> dict[str, str]:
    """Write generations as the `data` of a Secret."""
    return {
        f"{one.made_s}{_SUFFIX}": base64.b64encode(one.certificate + one.key).decode() for one in sorted(generations)
    }


def from_data(data: Mapping[str, str]) -> list[Generation]:
    """Read what `to_data` wrote; what somebody else put there, or broke, is as if it were not there."""
    found = []
    for name, text in data.items():
        try:
            made_s = int(name.removesuffix(_SUFFIX))
            pem = base64.b64decode(text, validate=True)
            certificate = x509.load_pem_x509_certificate(pem)
            key = pem[pem.index(b"-----BEGIN PRIVATE KEY") :]
            serialization.load_pem_private_key(key, None)
        except ValueError:
            continue
        expires_s = int(certificate.not_valid_after_utc.timestamp())
        found.append(Generation(made_s, expires_s, certificate.public_bytes(serialization.Encoding.PEM), key))
    return sorted(found)
