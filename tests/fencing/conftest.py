"""The sidecar that an application under test asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fencing.fake_sidecar import FakeSidecar


@pytest.fixture
def sidecar() -> Iterator[FakeSidecar]:
    fake = FakeSidecar()
    yield fake
    fake.close()
