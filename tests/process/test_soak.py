"""What the soak calls growth is growth."""

from __future__ import annotations

from process.soak import Held, growth


def test_what_warms_up_and_stays_does_not_grow() -> None:
    history = [Held(30.0 + n, 10 + n) for n in range(10)] + [Held(40.0, 20)] * 20
    assert growth(history) == Held(0.0, 0)


def test_what_leaks_slowly_grows() -> None:
    more = growth([Held(40.0 + n / 10, 20 + n // 5) for n in range(60)])
    assert more.memory_mib > 1.9
    assert more.descriptors == 4
