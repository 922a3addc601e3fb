"""Owns what a record says of its holder: which pod it is, and the token of its term where that has begun."""

import re
from dataclasses import dataclass

from leader_sidecar.core.record import Record

# Our identities are `<pod name>_<pod uid>_<nonce>`; client-go's have one underscore and keep no token.
_OUR_IDENTITY = re.compile(r"([^_]+)_([^_]*)_[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a record.

    Args:
        identity: the holder identity, not "".
        pod_name: its pod, "" where the identity is not one of ours.
        pod_uid: the uid of that pod, "" where it is not known.
        token: the fencing token of its term, None where it keeps none or has none yet.
    """

    identity: str
    pod_name: str
    pod_uid: str
    token: int | None


def read_holder(record: Record) -> Holder | None:
    """Read who holds a record; None for nobody."""
    if not record.holder:
        return None
    ours = _OUR_IDENTITY.fullmatch(record.holder)
    if ours is None:
        return Holder(record.holder, "", "", None)
    # Between claim and token the annotation is still the predecessor's; only the claim has renewTime = acquireTime.
    begun = record.token > 0 and record.renew_time != record.acquire_time
    return Holder(record.holder, ours.group(1), ours.group(2), record.token if begun else None)
