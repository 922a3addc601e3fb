"""What must hold in every disaster: no two lead at once, tokens rise, and the group serves again by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from process.poller import Poller
from process.sidecars import Group, SidecarProcess


@contextlib.contextmanager
def survives(group: Group) -> Iterator[Poller]:
    """Watch a group while something befalls it, and judge what was seen.

    Raises: AssertionError for two answers that overlap, a token that falls, or a group that no longer leads.
    """
    with Poller(group.ports) as poller:
        yield poller
        assert any(one.leads for one in group.sidecars), "nobody leads in the end"
    poller.verdict(polls=300)


def leads_alone_again(group: Group, sidecar: SidecarProcess, after_token: int, within_s: float) -> None:
    """End all others, so that only this one can lead, and wait until it does.

    Raises: AssertionError when it does not, or with a token that is not larger.
    """
    for other in group.others(sidecar):
        other.process.stop()
    assert Group([sidecar]).leader(within_s).token > after_token
