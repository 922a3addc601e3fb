"""Owns the command `lab`: the laboratory's runs, for proof (`run`) and for people who want to look (all others)."""

import argparse
import shutil
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from leader_sidecar.cli.parsing import Parser, tell_faults

STORIES = {
    "bully": "five nodes, of which the highest number leads; the leader dies, then the network breaks too",
    "zookeeper": "candidates in a queue, each watching its predecessor; then all watching the first",
    "etcd": "a cron coordinator whose lease runs out, and the campaign that follows",
    "fencing": "a frozen leader wakes and writes: without a fencing token, and with one",
}
"""What is told as a story, each by `tell_NAME` of `lab/stories/NAME.py`."""

_DEFAULTS: dict[str, Any] = {"schedules": 1000, "jobs": 1, "seed": 0, "timeline": False, "json": False, "html": None}
_FLAGS = {
    "run": ("schedules", "jobs", "seed", "timeline", "json"),
    "timeline": ("seed", "html"),
    **dict.fromkeys(STORIES, ("html",)),
}
_LONGEST_LINE = 140


def parser() -> Parser:
    """Make the parser of `lab`."""
    made = Parser(
        "lab",
        "Watch elections in virtual time. `run`: the real election under faults; exit 1 when a promise was broken; "
        "one seed is one run, and a failure is shown with its seed, shrunk, as a timeline. `timeline`: one such run "
        "to look at. " + " ".join(f"`{name}`: {meaning}." for name, meaning in STORIES.items()),
    )
    made.add_argument("action", choices=tuple(_FLAGS), help="what to do")
    look = made.add_argument_group("all but run")
    look.add_argument("--html", type=Path, metavar="FILE", help="also write it as a page, which needs nothing else")
    both = made.add_argument_group("run and timeline")
    both.add_argument("--seed", type=int, metavar="N", help="of the first run (default 0); the next ones count on")
    run = made.add_argument_group("run")
    run.add_argument("--schedules", type=int, metavar="N", help="how many runs (default 1000)")
    run.add_argument("--jobs", type=int, metavar="N", help="processes to share them (default 1)")
    run.add_argument("--timeline", action="store_true", default=None, help="run one and tell all that happens in it")
    run.add_argument("--json", action="store_true", default=None, help="print one JSON document")
    return made


def main(argv: Sequence[str]) -> int:
    """Do what was asked for."""
    made = parser()
    flags = made.read(argv)
    faults = _faults(flags)
    if faults:
        return tell_faults(made.prog, faults)
    given = {name: default if (value := getattr(flags, name)) is None else value for name, default in _DEFAULTS.items()}
    if flags.action == "run":
        from leader_sidecar.cli.lab_run import run_many, run_one

        if given["timeline"]:
            return run_one(given["seed"])
        return run_many(given["seed"], given["schedules"], given["jobs"], as_json=given["json"])
    if flags.action == "timeline":
        from leader_sidecar.lab.stories.timeline import tell_run

        story, broken = tell_run(given["seed"])
        return _show(made.prog, story, flags.html) or int(broken)
    tell: Callable[[], object] = getattr(
        import_module(f"leader_sidecar.lab.stories.{flags.action}"), f"tell_{flags.action}"
    )
    return _show(made.prog, tell(), flags.html)


def _faults(flags: argparse.Namespace) -> list[str]:
    """Tell what was given that does not go with the action, and numbers that are too small."""
    faults = []
    for name in _DEFAULTS:
        value = getattr(flags, name)
        if value is None:
            continue
        least = 0 if name == "seed" else 1
        if name not in _FLAGS[flags.action]:
            goes_with = " or ".join(action for action, names in _FLAGS.items() if name in names)
            faults.append(f"--{name} does not go with {flags.action}: it goes with {goes_with}")
        elif isinstance(value, int) and value is not True and value < least:
            faults.append(f"--{name} {value} must be {least} or more")
    return faults


def _show(prog: str, story: object, page: Path | None) -> int:
    """Print a story, and write its page where one was asked for."""
    from leader_sidecar.cli.story_text import write_story
    from leader_sidecar.lab.story import Story

    assert isinstance(story, Story)
    write_story(story, min(shutil.get_terminal_size().columns, _LONGEST_LINE))
    if page is None:
        return 0
    from leader_sidecar.cli.story_page import story_page

    try:
        page.write_text(story_page(story), encoding="utf-8")
    except OSError as error:
        return tell_faults(prog, [f"--html {str(page)!r} cannot be written: {error.strerror}"])
    print(f"\nThe page of it: {page}")
    return 0
