"""The disasters that play side by side: each test waits for the end of one, and tells its figures."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from kind.beside import BESIDE
from kind.stage import Stage


@pytest.mark.parametrize("name", BESIDE)
def test_one_leader_and_nobody_paid_twice(beside: Mapping[str, Future[Stage]], name: str) -> None:
    for figure in beside[name].result().figures:
        print(figure)
