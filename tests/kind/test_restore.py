"""etcd restored from a snapshot; late, because afterwards no process of the cluster is as before."""

from __future__ import annotations

from kind.disasters import restored


def test_who_ran_before_does_not_lead_and_says_what_to_do(saved: restored.Saved) -> None:
    restored.play(saved)
    stage, _ = saved.stages
    print(*stage.figures, sep="\n")
