"""Owns a run as people look at it: scenes of lanes and steps, each step with its reason; data, drawn elsewhere.

Who runs something adds steps while it happens; nothing here knows what was run.
"""

import enum
from dataclasses import dataclass, field

from leader_sidecar.lab.virtual_time import VirtualTime


class Mark(enum.StrEnum):
    """What a step is."""

    MESSAGE = "message"
    LOST = "lost"
    REFUSED = "refused"
    FAULT = "fault"
    LEADS = "leads"
    ENDS = "ends"
    NOTE = "note"


class LaneState(enum.StrEnum):
    """How a lane goes on below a step."""

    IDLE = "idle"
    LEADS = "leads"
    FROZEN = "frozen"
    DEAD = "dead"


@dataclass(slots=True)
class Step:
    """One thing that happens.

    Args:
        at_s: when, from the scene's beginning.
        mark: what it is; a message's becomes `LOST` or `REFUSED` when that is known.
        label: the message's name, or the headline.
        text: why it happens, or what follows from it, in a sentence or two.
        lane: whose step it is; "" for everybody's.
        to: who a message is for; "" for no message.
        state: how the step's lane goes on; None for as before.
        token: of the term that begins, as it is shown; "" for none.
        sides: a cut of the network: the lanes that still reach each other; () for healed, None for as before.
    """

    at_s: float
    mark: Mark
    label: str
    text: str = ""
    lane: str = ""
    to: str = ""
    state: LaneState | None = None
    token: str = ""
    sides: tuple[tuple[str, ...], ...] | None = None


@dataclass(slots=True)
class Scene:
    """One run.

    Args:
        title: of a few words.
        intro: what is about to happen, for somebody who has never heard of it.
        lanes: the nodes, from left to right.
        time: the run's clock.
        steps: in the order of their instants.
        figures: a name and a number each.
        conclusion: what was to be learned.
    """

    title: str
    intro: str
    lanes: tuple[str, ...]
    time: VirtualTime
    steps: list[Step] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)
    conclusion: str = ""

    def tell(
        self,
        mark: Mark,
        lane: str,
        label: str,
        text: str = "",
        *,
        to: str = "",
        state: LaneState | None = None,
        token: str = "",
        sides: tuple[tuple[str, ...], ...] | None = None,
    ) -> Step:
        """Add a step at this instant; see `Step` for what it is made of."""
        step = Step(self.time.now_s, mark, label, text, lane, to, state, token, sides)
        self.steps.append(step)
        return step


@dataclass(slots=True)
class Story:
    """Scenes that belong together.

    Args:
        name: of the command that tells it.
        title, intro: what it is about.
        scenes: in their order.
        conclusion: of them all.
    """

    name: str
    title: str
    intro: str
    scenes: list[Scene]
    conclusion: str = ""
