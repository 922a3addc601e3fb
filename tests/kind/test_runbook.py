"""The runbook's commands are found in it, place and continuation lines and all."""

from __future__ import annotations

import pytest

from kind.runbook import RUNBOOK, UnknownDisaster, steps

TEXT = """# Title

## One

Text with a $ dollar.

```console
$ first --flag payouts
node# not a place
every-node# second \\
  continued
```

## Two

nothing
"""


def test_commands_are_read_with_their_places() -> None:
    assert steps("One", TEXT) == [("$", "first --flag payouts"), ("every-node#", "second \\\n  continued")]


@pytest.mark.parametrize("disaster", ["Two", "Three"])
def test_a_section_without_commands_is_no_section(disaster: str) -> None:
    with pytest.raises(UnknownDisaster, match=disaster):
        steps(disaster, TEXT)


def test_whatever_the_table_names_has_commands() -> None:
    text = RUNBOOK.read_text()
    for disaster in (
        "The lease duration was made shorter",
        "The Lease was deleted",
        "The sidecar's rights are gone",
        "etcd was restored",
    ):
        assert steps(disaster, text)
