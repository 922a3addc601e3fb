"""Owns the story of the frozen leader: the real core in a world whose first write has resourceVersion 40.

Tokens, terms and the sidecars' answers come out of the core. A term takes two writes, the claim and the token, and its
token is one above its claim: the first leader's claim is write 40, its token 41.
"""

from leader_sidecar.core.timing import Timing
from leader_sidecar.lab.api_server import returned_body
from leader_sidecar.lab.app import App
from leader_sidecar.lab.faults import plan_faults
from leader_sidecar.lab.payouts import BATCH, LEDGER, Ledger, Payer
from leader_sidecar.lab.pods import Pod
from leader_sidecar.lab.schedule import Fault, Schedule
from leader_sidecar.lab.story import LaneState, Mark, Scene, Story
from leader_sidecar.lab.tale import LEASE, Tale
from leader_sidecar.lab.virtual_time import VirtualTime
from leader_sidecar.lab.world import World

FIRST_WRITE = 40
LAST_TOKEN = 12
"""Of whoever led before, and gave the Lease back."""
FREEZES_S = 1.0
FROZEN_S = 25.0
WAKES_S = FREEZES_S + 1.0 + 0.98 * FROZEN_S
STOPS_S = 43.0
ENDS_S = 50.0


class PayoutWorld(World):
    """Two pods that pay, one Lease that was given back, and no other Leases.

    Args:
        scene: where it is shown.
        ledger: where they pay.
    """

    def __init__(self, scene: Scene, ledger: Ledger) -> None:
        tale = Tale(scene)
        super().__init__(Schedule(0, 2, Timing(), create_lease=False, faults=_faults(ledger), horizon_s=ENDS_S), tale)
        tale.watch(self)
        self._scene = scene
        self._ledger = ledger
        self.api.others = 0.0
        self.api.version = FIRST_WRITE - 2

    def make_app(self, pod: Pod) -> App:
        """Make a payer."""
        return Payer(self, pod, self._scene, self._ledger)

    def populate(self) -> None:
        """Make the Lease as its last leader left it, and start the pods."""
        self.api.create(returned_body(LAST_TOKEN))
        for index in range(self.schedule.pods):
            pod = self.add_pod(index, self.schedule.timing)
            self.time.at(0.5 * index, pod.restart)

    def stray_copy(self, token: int) -> None:
        """Let a copy of the first pod's write arrive, which the network had kept."""
        text = f"The network had kept a copy of the write that {self.pods[0].name} made with token {token}."
        step = self._scene.tell(Mark.MESSAGE, self.pods[0].name, f"pay, token {token}", text, to=LEDGER)
        mark = self._ledger.mark
        if not self._ledger.pay(BATCH, token):
            step.mark = Mark.REFUSED
            step.text += (
                f" The pod leads again, with token {mark}; {token} stays refused: the term counts, not the pod."
            )


def _faults(ledger: Ledger) -> tuple[Fault, ...]:
    """Freeze the first pod, app and sidecar; where there is a guard to show, end the second pod later."""
    frozen = Fault("pod_frozen", FREEZES_S, FROZEN_S, target=0, chance=1.0, size=0.0, only="", seed=0)
    stopped = Fault("gentle_stop", STOPS_S, 0.0, target=1, chance=1.0, size=1.0, only="", seed=0)
    return (frozen, stopped) if ledger.guarded else (frozen,)


def tell_fencing() -> Story:
    """Run it with a ledger that ignores tokens, and with one that guards itself."""
    unguarded, guarded = play(guarded=False), play(guarded=True)
    tokens = sorted({int(step.token) for step in guarded[0].steps if step.mark is Mark.LEADS})
    return Story(
        "fencing",
        "Fencing: the leader that was frozen and woke up",
        "Two copies of a program run, so that one can go on when the other fails; only one at a time, the leader, may "
        f"pay batch {BATCH}. Beside each runs leader-sidecar and tells it whether it leads. Who leads stands in a "
        "Lease, an object of Kubernetes, whose API server numbers every write. The leader renews it; whoever sees it "
        "unchanged for 15 s may take it. Each term has a number of its own, the fencing token, larger than all before. "
        "The leader will be frozen after it has asked whether it leads and before it writes. The other takes over. "
        "Then the first wakes, and goes on in the midst of its sentence. The same twice: the ledger first ignores the "
        "token, then compares it.",
        [unguarded[0], guarded[0]],
        "No lease, no timeout and no clock can stop a write that a sleeper had already decided on; only who receives "
        f"it can. The tokens here were {', '.join(map(str, tokens))}. They rise with gaps: a token is one above the "
        "claim's number among all writes of the API server, and each term takes two writes, as renewals take one. So "
        "after 41 the next claim was write 42 at the earliest, and its token 43. What counts is that it is larger.",
    )


def play(*, guarded: bool) -> tuple[Scene, Ledger]:
    """Run it once.

    Args:
        guarded: the ledger refuses tokens lower than the highest it has seen.
    """
    title = "The ledger compares tokens" if guarded else "The ledger ignores tokens"
    intro = (
        "Nothing else is different: the ledger keeps the highest token it has seen, and refuses every lower one."
        if guarded
        else "The ledger takes every write, as most databases do."
    )
    scene = Scene(title, intro, ("payouts-0", "payouts-1", LEASE, LEDGER), VirtualTime())
    ledger = Ledger(scene, guarded=guarded)
    world = PayoutWorld(scene, ledger)
    world.populate()
    plan_faults(world)
    if guarded:
        world.time.at(ENDS_S - 1.0, world.stray_copy, FIRST_WRITE + 1)
    world.time.run(ENDS_S if guarded else WAKES_S + 1.0)
    _sum_up(scene, ledger)
    return scene, ledger


def _sum_up(scene: Scene, ledger: Ledger) -> None:
    times = len(ledger.paid)
    scene.figures = [
        ("tokens of the terms", ", ".join(step.token for step in scene.steps if step.state is LaneState.LEADS)),
        (
            f"batch {BATCH} paid",
            f"{_times(times)}, with token{'s' * (times != 1)} {' and '.join(map(str, ledger.paid))}",
        ),
        ("pointer", f"{BATCH} → {ledger.pointer}, moved {_times(ledger.moved)}"),
        ("writes refused", str(len(ledger.refused))),
    ]
    if ledger.guarded:
        refused = _times(len(ledger.refused))
        scene.conclusion = (
            f"The late write was refused {refused} and changed nothing: the batch was paid {_times(times)}."
        )
    else:
        scene.conclusion = (
            "The sleeper's sidecar said no as soon as it woke, but the app had asked before: everybody in batch "
            f"{BATCH} was paid {_times(times)}."
        )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
