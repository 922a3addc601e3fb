"""Draws the state diagram of docs/PROTOCOL.md from the core's own table of transitions.

usage: python tests/core/diagram.py [--verify]     writes the file, or says whether it is as it would be written
"""

import sys
from pathlib import Path

from leader_sidecar.core.elector import FROM_ANY, STANDING, TRANSITIONS
from leader_sidecar.core.state import Phase

FILE = Path(__file__).parents[2] / "docs" / "PROTOCOL.md"
BEGIN, END = "<!-- states: begin -->\n", "<!-- states: end -->"


def diagram() -> str:
    """Return the diagram in mermaid's language: what stands is within one box, the rest is reached from it."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Phase.FOLLOWING}", "    state standing {"]
    outside = []
    for phase, reasons in TRANSITIONS.items():
        for to, reason in reasons.items():
            line = f"{phase} --> {to}: {reason}"
            if phase in STANDING and to in STANDING:
                lines.append(f"        {line}")
            else:
                outside.append(f"    {line}")
    lines.append("    }")
    lines += [f"    standing --> {to}: {reason}" for to, reason in FROM_ANY.items()]
    return "\n".join([*lines, *outside, f"    {Phase.STOPPED} --> [*]", "```", ""])


def drawn(text: str) -> str:
    """Put the diagram into the text of the file."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + diagram() + END + after


def main() -> int:
    """Write or verify. Returns: the exit code."""
    text = FILE.read_text()
    if "--verify" not in sys.argv[1:]:
        FILE.write_text(drawn(text))
    elif text != drawn(text):
        print(f"{FILE.name} does not show the table of transitions: run make update-states", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
