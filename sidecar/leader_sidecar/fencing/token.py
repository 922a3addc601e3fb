"""Owns the strict syntax of what a guard is given: the token and the name of the resource."""

import re

from leader_sidecar.fencing.refusals import AbsentToken, MalformedToken

MAX_TOKEN = 2**53 - 1
"""The largest integer that every language's JSON number holds exactly."""

_TOKEN = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_RESOURCE = re.compile(r"[!-~]{1,190}", re.ASCII)


def read_token(token: object, resource: str) -> int:
    """Read a token as it came, from a term, a header or an environment variable.

    Args:
        token: an int, or ASCII decimal text or bytes.
        resource: named in what is raised.

    Returns:
        1 … 2^53−1.

    Raises:
        AbsentToken: None.
        MalformedToken: anything else, a sign, a space, a leading zero, a bool and a float among it.

    Source: DESIGN §7.
    """
    if token is None:
        raise AbsentToken(resource)
    number = token if type(token) is int else 0
    text = token.decode("latin-1") if isinstance(token, bytes) else token
    if isinstance(text, str) and _TOKEN.fullmatch(text):
        number = int(text)
    if not 1 <= number <= MAX_TOKEN:
        raise MalformedToken(resource, token)
    return number


def read_resource(name: str) -> str:
    """Check the name of a resource, which belongs to one election of one cluster.

    Raises:
        ValueError: not 1 to 190 printable ASCII characters without a space; stores compare others in ways of their own.
    """
    if not isinstance(name, str) or _RESOURCE.fullmatch(name) is None:
        raise ValueError(f"{name!r:.60} names no resource: take 1 to 190 printable ASCII characters without a space")
    return name
