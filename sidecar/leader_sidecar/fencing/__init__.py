"""What an application imports: `Leadership` to know its term, and one guard for each kind of store.

Nothing here loads aiohttp or anything of the sidecar's process. A guard is imported by its store's name, as in
`from leader_sidecar.fencing.postgresql import Guard`, and is given the connections that the application has anyway.
"""

from leader_sidecar.fencing.leadership import Leadership, Term
from leader_sidecar.fencing.refusals import (
    AbsentToken,
    Busy,
    MalformedToken,
    NotPrepared,
    Refusal,
    StaleToken,
    WrongTransaction,
)
from leader_sidecar.fencing.term import NotLeading
from leader_sidecar.fencing.token import MAX_TOKEN

__all__ = [
    "MAX_TOKEN",
    "AbsentToken",
    "Busy",
    "Leadership",
    "MalformedToken",
    "NotLeading",
    "NotPrepared",
    "Refusal",
    "StaleToken",
    "Term",
    "WrongTransaction",
]
