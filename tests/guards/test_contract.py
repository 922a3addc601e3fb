"""Every guard keeps the guard contract, on its real server."""

from __future__ import annotations

import pytest

from guards.contract import PROPERTIES, Property
from guards.store import Store


@pytest.mark.parametrize("promise", PROPERTIES, ids=lambda promise: promise.__name__)
def test_guard_keeps_its_promise(store: Store, promise: Property) -> None:
    promise(store)
