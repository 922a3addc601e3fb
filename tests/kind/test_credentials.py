"""The token of 600 s, which began before all other tests."""

from __future__ import annotations

from kind.disasters import expiring_token
from kind.stage import Stage


def test_an_expired_token_was_replaced_in_time(expiring: tuple[Stage, expiring_token.Begun]) -> None:
    stage, begun = expiring
    expiring_token.judge(stage, begun)
    print(*stage.figures, sep="\n")
