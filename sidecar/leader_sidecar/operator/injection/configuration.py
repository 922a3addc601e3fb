"""Owns what the chart tells the operator of injection: one JSON file, mounted from a ConfigMap.

    {"by": "webhook", "failurePolicy": "Fail", "container": {…}, "volume": {…}, "env": {…},
     "webhook": {"configuration": "…", "port": 9443, "dnsNames": ["…"],
                 "secret": "…", "certificateLifetime": "2160h"}}

Instead of `secret` and `certificateLifetime` there is `certificateFolder` where cert-manager keeps the certificate.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leader_sidecar.operator.injection.template import Template


class ConfigurationError(Exception):
    """The file is not what the chart makes; the message is one line that names file and fix."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """How the API server reaches the operator.

    Args:
        configuration: name of the MutatingWebhookConfiguration.
        port: 0 lets the kernel choose.
        dns_names: what the certificate must name.
        secret: where the operator keeps the certificates that it makes; "" where they come from `folder`.
        lifetime_s: of a certificate that the operator makes.
        folder: of `tls.crt` and `tls.key` that somebody else renews; "" for none.
    """

    configuration: str
    port: int
    dns_names: tuple[str, ...]
    secret: str
    lifetime_s: int
    folder: str


@dataclass(frozen=True, slots=True)
class Injection:
    """What is put into pods, and how.

    Args:
        refuses: a pod whose settings are wrong is refused; else it goes through with a warning, without a sidecar.
        webhook: None where a MutatingAdmissionPolicy does the work and the operator only tells why it did not.
    """

    template: Template
    refuses: bool
    webhook: Webhook | None


def load_injection(file: Path) -> Injection:
    """Read the file.

    Raises: ConfigurationError.
    """
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        webhook = _webhook(read["webhook"]) if read["by"] == "webhook" else None
        return Injection(Template.of(read), read["failurePolicy"] == "Fail", webhook)
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}: mount the chart's ConfigMap there") from None
    except KeyError as error:
        raise ConfigurationError(f"{file} has no {error}: let the operator's chart make it") from None
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{file} {error}") from None


def _webhook(read: Mapping[str, Any]) -> Webhook:
    return Webhook(
        read["configuration"],
        int(read["port"]),
        tuple(read["dnsNames"]),
        read.get("secret", ""),
        _hours_s(read["certificateLifetime"]) if "secret" in read else 0,
        read.get("certificateFolder", ""),
    )


def _hours_s(text: str) -> int:
    """Read `2160h`, as cert-manager writes durations, or `10m` for tests of a rotation."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})([hm])", text)
    if found is None:
        raise ValueError(f"has a certificateLifetime {text!r} that is not in hours: write it as 2160h")
    return int(found[1]) * (3600 if found[2] == "h" else 60)
