"""The disasters that play side by side: each test waits for the end of one, and tells its figures."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from kind.beside import BESIDE
from kind.stage import Stage

ON_GOOD_DAYS = ("frozen", "broken")
"""Played by `make kind-test` too: what a guard is for, and that the verdict finds two leaders."""


@pytest.mark.parametrize(
    "name", [name if name in ON_GOOD_DAYS else pytest.param(name, marks=pytest.mark.disaster) for name in BESIDE]
)
def test_one_leader_and_nobody_paid_twice(beside: Mapping[str, Future[Stage]], name: str) -> None:
    for figure in beside[name].result().figures:
        print(figure)
