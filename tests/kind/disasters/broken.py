"""A sidecar that is broken on purpose: it remembers that it led. The pollers' verdict must find it out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kind.disasters.images import put_on_nodes
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage

PROGRAM = Path(__file__).parents[2] / "process" / "broken_sidecar.py"


def play(stage: Stage) -> None:
    """Let its leader step down: it says that it leads beside its successor, and the verdict says so."""
    entrypoint = '["/usr/bin/python3", "/program", "remembers"]'
    image = put_on_nodes(stage.cluster, "broken-on-purpose", "leader-sidecar", PROGRAM, entrypoint)
    stage.install(f"leader-sidecar.image.repository={image.partition(':')[0]}")
    with stage.watched() as watching:
        old = stage.leader()
        with stage.fault("stepped down", old.who):
            watching.resign(old.who)
            watching.leader(LEASE_S, other_than=old.who, after_token=old.token or 0)
            time.sleep(LOOK_S)
    with pytest.raises(AssertionError, match="overlap") as found:
        stage.verdict()
    stage.say(f"found out: {str(found.value).splitlines()[0]}")
