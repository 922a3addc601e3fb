"""Owns the list of known-bad variants: mistakes that others made, each one decision put back into the election.

A variant is a context manager; inside it the mistake is made, by every process of this interpreter.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from leader_sidecar.core.state import Config, State

Patch = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One mistake.

    Args:
        name: short, for tables.
        meaning: the mistake in one line.
        patch: makes it.
    """

    name: str
    meaning: str
    patch: Patch


VARIANTS: dict[str, Variant] = {}


def variant(meaning: str) -> Callable[[Callable[[], Iterator[None]]], None]:
    """Register the decorated generator as a variant named like it."""

    def register(body: Callable[[], Iterator[None]]) -> None:
        VARIANTS[body.__name__] = Variant(body.__name__, meaning, contextmanager(body))

    return register


@contextmanager
def replaced(owner: Any, name: str, by: Any) -> Iterator[None]:
    """Put something else in the place of an attribute, for a while."""
    original = getattr(owner, name)
    setattr(owner, name, by)
    try:
        yield
    finally:
        setattr(owner, name, original)


class Marked:
    """A set of processes, told apart by their configuration: another run has processes of the same names."""

    def __init__(self) -> None:
        self._configs: dict[int, Config] = {}

    def add(self, s: State) -> None:
        self._configs[id(s.config)] = s.config

    def discard(self, s: State) -> None:
        self._configs.pop(id(s.config), None)

    def __contains__(self, s: State) -> bool:
        return id(s.config) in self._configs
