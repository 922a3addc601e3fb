"""What must hold in every disaster: no two lead at once, tokens rise, and the group serves again by itself.

It is judged twice: by a poller that knows nothing of the inside, and by what the sidecars wrote into their logs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import read_logs
from leader_sidecar.history.verdicts import Verdict
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
    logs_agree(group)


def logs_agree(group: Group) -> None:
    """Judge the logs of a group. Raises: AssertionError for two lines that contradict each other."""
    verdicts = judge_logs(group)
    found = [f"{one.promise}: {broken.text}" for one in verdicts for broken in one.violations]
    assert not found, f"{len(found)} contradictions in the logs, the first: {found[0]}"
    print("logs: " + ", ".join(f"{one.promise} {one.facts} {one.what}" for one in verdicts if one.facts))


def judge_logs(group: Group) -> list[Verdict]:
    """Say what the logs of a group tell of the promises."""
    files = [one.process.log_file for one in group.sidecars]
    log = read_logs((file.name, file.read_text().splitlines()) for file in files)
    assert not log.faults, log.faults
    return judge(log)


def leads_alone_again(group: Group, sidecar: SidecarProcess, after_token: int, within_s: float) -> None:
    """End all others, so that only this one can lead, and wait until it does.

    Raises: AssertionError when it does not, or with a token that is not larger.
    """
    for other in group.others(sidecar):
        other.process.stop()
    assert Group([sidecar]).leader(within_s).token > after_token
