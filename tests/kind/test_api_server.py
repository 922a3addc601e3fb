"""The API server and etcd away. Nothing else plays meanwhile: it would be disturbed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kind.disasters import api_server
from kind.stage import Stage


@pytest.mark.parametrize(
    "scene", [api_server.away_for_less_than_a_lease, api_server.away_for_longer, api_server.etcd_starts_again]
)
def test_whoever_led_or_nobody_and_then_one(payouts: Stage, scene: Callable[[Stage], None]) -> None:
    payouts.release.until_whole()
    told = len(payouts.figures)
    scene(payouts)
    print(*payouts.figures[told:], sep="\n")
