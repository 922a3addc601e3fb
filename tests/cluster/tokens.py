"""Service-account tokens as they will be one day: a TokenRequest gives none that lives for less than ten minutes."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_AGO_S = 3600


def expired(token: str, signing_key: Path) -> str:
    """Sign a token anew, its times moved so that it ended an hour ago.

    Args:
        token: a JSON web token, signed with RS256 by this key.
        signing_key: the API server's, as PEM.
    """
    head, payload, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    back_s = claims["exp"] - int(time.time()) + _AGO_S
    claims |= {name: claims[name] - back_s for name in ("exp", "iat", "nbf")}
    signed = f"{head}.{_encoded(json.dumps(claims).encode())}"
    key = serialization.load_pem_private_key(signing_key.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return f"{signed}.{_encoded(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
