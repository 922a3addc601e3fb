"""The API server is away, for 8 s, for 40 s, and while its etcd is started again: nobody else leads, and it passes."""

from __future__ import annotations

import time

from kind.faults import api_server_refused, api_server_stopped, kill_etcd
from kind.release import LEASE_S
from kind.stage import LOOK_S, Stage
from kind.watching import now_s

SHORT_S = 8.0
LONG_S = 40.0
RENEW_DEADLINE_S = 10.0
BACK_S = 3.0


def away_for_less_than_a_lease(stage: Stage) -> None:
    """Refuse everybody for 8 s: the same pod leads before and after, at most with a new token."""
    with stage.watched() as watching:
        old = stage.leader()
        with stage.fault("API server away"), api_server_refused(stage.cluster, stage.say):
            time.sleep(SHORT_S)
        healed_s = now_s()
        time.sleep(BACK_S + LOOK_S)
    led = [one for one in watching.seen if one.token is not None]
    back_s = min(one.received_s for one in led if one.sent_s > healed_s) - healed_s
    silent_s = max([0.0, *watching.gaps_s()])
    stage.say(f"away for {SHORT_S:g} s: nobody led for {silent_s:.2f} s, back {max(back_s, 0.0):.2f} s after")
    assert {one.who for one in led} == {old.who}, "another pod led"
    assert back_s <= BACK_S
    stage.verdict()


def away_for_longer(stage: Stage) -> None:
    """Kill it for 40 s: every answer is false after the renew deadline, and somebody leads soon after its return."""
    with stage.watched() as watching:
        old = stage.leader()
        with stage.fault("API server killed"), api_server_stopped(stage.cluster):
            began_s = now_s()
            time.sleep(LONG_S)
        healed_s = now_s()
        new = watching.leader(LEASE_S + 10.0, after_token=old.token or 0)
        time.sleep(LOOK_S)
    last = watching.last_true(old.token or 0)
    stage.say(
        f"away for {healed_s - began_s:.1f} s: last true after {last.sent_s - began_s:.2f} s, "
        f"a leader {max(new.received_s - healed_s, 0.0):.2f} s after its return"
    )
    assert last.sent_s - began_s <= RENEW_DEADLINE_S + 0.5
    assert new.received_s - healed_s <= LEASE_S + 3.0
    stage.verdict()


def etcd_starts_again(stage: Stage) -> None:
    """Kill etcd: whatever was in doubt, one leader at a time, and one soon after it answers again."""
    with stage.watched() as watching:
        stage.leader()
        began_s = now_s()
        with stage.fault("etcd killed"):
            kill_etcd(stage.cluster)
        healed_s = now_s()
        new = watching.leader(LEASE_S + 10.0)
        time.sleep(LOOK_S)
    stage.say(
        f"etcd away for {healed_s - began_s:.1f} s, nobody led for {[round(one, 2) for one in watching.gaps_s()]} s, "
        f"a leader {new.received_s - healed_s:.2f} s after"
    )
    assert new.received_s - healed_s <= LEASE_S + 3.0
    stage.verdict()
