"""Owns the fencing token: its syntax and the rule that makes each one larger than every one before it.

A token is an integer 1 … 2^53−1, the range that every language's JSON number holds exactly. Zero stands for "none yet".
"""

import re

MAX_TOKEN = 2**53 - 1

_SYNTAX = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


def parse_token(text: object) -> int:
    """Read a token as it stands in an annotation.

    Args:
        text: the annotation's value, or anything else where the annotation is absent or not a string.

    Returns:
        The token, or 0 where the text is not ASCII decimal 1 … 2^53−1 without sign, space or leading zero.

    Source: DESIGN §3 (an absent or garbled annotation counts as 0), §7.
    """
    if not isinstance(text, str) or _SYNTAX.fullmatch(text) is None:
        return 0
    token = int(text)
    return token if token <= MAX_TOKEN else 0


def next_token(annotation: int, claim_version: int, floor: int, highest_seen: int) -> int:
    """Compute the token of the term that follows a proven claim.

    Args:
        annotation: the token that stood in the claimed record, 0 for none.
        claim_version: the resourceVersion that the claim was given.
        floor: the configured offset, 0 unless an etcd restore made it necessary.
        highest_seen: the highest token this process has seen on this election.

    Returns:
        A token above all three. It may exceed `MAX_TOKEN`: the caller must then not lead.

    Invariant: with floor 0 and no foreign edit it is at most `claim_version + 1`, which the write that carries it
    reaches, so that a Lease deleted and made again starts above every token it ever carried (I2).
    Source: DESIGN §3, KEP-5504 (resourceVersions of one resource type are comparable integers).
    """
    return max(annotation, floor + claim_version, highest_seen) + 1
