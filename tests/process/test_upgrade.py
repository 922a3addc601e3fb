"""The version before and this one stand in one election: while a Deployment rolls forward, or back, and for long.

`releases/` holds the wheel of each version that was released; the newest that is not this one is the version before.
"""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from leader_sidecar import __version__
from process.conftest import Start
from process.poller import Poller
from process.sidecars import D_S, MARGIN_S, Group, SidecarProcess, wait_for

RELEASES = Path(__file__).with_name("releases")
TERM_S = D_S + MARGIN_S
HAND_OVER_S = 1.0


def version_of(wheel: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in wheel.name.split("-")[1].split("."))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment in which the version before is run."""
    wheels = [wheel for wheel in RELEASES.glob("*.whl") if wheel.name.split("-")[1] != __version__]
    folder = tmp_path_factory.mktemp("before")
    zipfile.ZipFile(max(wheels, key=version_of)).extractall(folder)
    environment = {"PYTHONPATH": str(folder)}
    said = subprocess.run(
        [sys.executable, "-m", "leader_sidecar", "--version"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert __version__ not in said.stdout, "that is this version"
    return environment


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "back"])
def test_a_deployment_rolls_from_one_version_to_the_other(start: Start, before: dict[str, str], forward: bool) -> None:
    first, second = (before, {}) if forward else ({}, before)
    olds = [start(f"payouts-{n}", environment=first) for n in range(3)]
    news: list[SidecarProcess] = []
    group = Group(olds)
    tokens = [group.leader(TERM_S).token]
    for number, old in enumerate(olds):
        news.append(start(f"payouts-{number + 3}", environment=second))
        group = Group([*olds[number:], *news])
        with Poller(group.ports) as poller:
            led = old.leads
            old.process.stop()
            new = group.leader(HAND_OVER_S + MARGIN_S, other_than=old)
            time.sleep(1.0)
        poller.verdict(polls=100)
        assert new.token > tokens[-1] if led else new.token == tokens[-1]
        tokens.append(new.token)
    assert tokens[-1] > tokens[0], "nobody handed over"


def test_both_versions_follow_each_other_in_one_election(start: Start, before: dict[str, str]) -> None:
    olds = [start(f"payouts-{n}", environment=before) for n in range(2)]
    news = [start(f"payouts-{n + 2}") for n in range(2)]
    group = Group([*olds, *news])
    led = set()
    with Poller(group.ports) as poller:
        for _ in range(4):
            leader = group.leader(TERM_S)
            led.add(leader in olds)
            ours, theirs = (olds, news) if leader in olds else (news, olds)
            # The other one of its version is held back, so that the other version takes its turn.
            held_back = [one for one in ours if one is not leader]
            for one in held_back:
                one.process.pause()
            assert leader.get("/leader/resign", method="POST")[0] == 202
            assert Group(theirs).leader(HAND_OVER_S + MARGIN_S).token > 0
            for one in held_back:
                one.process.resume()
            time.sleep(1.0)
    poller.verdict(polls=300)
    assert led == {True, False}, "one version never led"


def test_a_leader_of_the_version_before_that_is_killed_is_followed(start: Start, before: dict[str, str]) -> None:
    old = start("payouts-0", environment=before)
    token = Group([old]).leader(TERM_S).token
    new = start("payouts-1")
    wait_for(lambda: (new.document()["leader"] or {}).get("name") == "payouts-0", MARGIN_S, "it knows the leader")
    old.process.kill()
    assert Group([new]).leader(TERM_S).token > token
