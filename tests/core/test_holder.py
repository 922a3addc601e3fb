"""Whom a record names, and with which token."""

from __future__ import annotations

import pytest

from leader_sidecar.core.holder import Holder, read_holder
from leader_sidecar.core.record import TOKEN_ANNOTATION, Record, parse_record

OURS = "payouts-0_7a1f_0123456789abcdef"
CLAIMED, RENEWED = "2026-11-28T10:00:00.000000Z", "2026-11-28T10:00:05.000000Z"


def record(holder: str, token: str = "", renewed: str = RENEWED) -> Record:
    annotations = {TOKEN_ANNOTATION: token} if token else {}
    spec = {"holderIdentity": holder, "acquireTime": CLAIMED, "renewTime": renewed}
    read = parse_record({"metadata": {"uid": "u", "resourceVersion": "7", "annotations": annotations}, "spec": spec})
    assert isinstance(read, Record)
    return read


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (record(OURS, "418"), Holder(OURS, "payouts-0", "7a1f", 418)),
        (record(OURS, "417", renewed=CLAIMED), Holder(OURS, "payouts-0", "7a1f", None)),
        (record(OURS, "garbled"), Holder(OURS, "payouts-0", "7a1f", None)),
        (record("payouts-0__0123456789abcdef", "5"), Holder("payouts-0__0123456789abcdef", "payouts-0", "", 5)),
        (record("host_4e2d", "5"), Holder("host_4e2d", "", "", None)),
        (record(""), None),
    ],
    ids=["term", "claim", "garbled", "no-uid", "client-go", "nobody"],
)
def test_a_holder_is_read_from_the_identity_and_the_token_once_its_term_has_begun(
    held: Record, expected: Holder | None
) -> None:
    assert read_holder(held) == expected
