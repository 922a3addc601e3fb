"""Owns the shape of the log that the runtime hands in: nothing in `kube/` writes anywhere by itself."""

from typing import Protocol


class Log(Protocol):
    """Write one structured line.

    Args:
        level: "debug", "info", "warning" or "error".
        event: one of the documented words, snake_case.
        fields: what else belongs to it.
    """

    def __call__(self, level: str, event: str, **fields: object) -> None: ...
