"""Owns what every measurement is given: API server, options, a place for findings; and how two kinds take turns."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.audit import Audit
from bench.figures import KINDS, SIDECAR, Findings
from bench.stage import Stage
from cluster.apiserver import ApiServer

_SOON_S = 0.2


@dataclass(frozen=True)
class Options:
    """How often, and for how long, each thing is measured."""

    rounds: int
    crashes: int
    faults: int
    minutes: float
    load_s: float
    with_client_go: bool

    @property
    def kinds(self) -> Sequence[str]:
        return KINDS if self.with_client_go else (SIDECAR,)


@dataclass(frozen=True)
class Scene:
    """One run.

    Args:
        step: is called with a row's key and what happens now, after each piece of it.
    """

    api: ApiServer
    audit: Audit
    folder: Path
    options: Options
    findings: Findings
    step: Callable[[str, str], None]

    @contextlib.contextmanager
    def stages(self, *, size: int = 3, cabled: bool = False, only: Sequence[str] = KINDS) -> Iterator[list[Stage]]:
        """Give a stage of each kind, filled, each with its leader."""
        with contextlib.ExitStack() as stack:
            stages = [
                stack.enter_context(Stage(self.api, self.folder, kind, size=size, cabled=cabled))
                for kind in self.options.kinds
                if kind in only
            ]
            for stage in stages:
                stage.fill()
            for stage in stages:
                stage.leader()
            yield stages


def at_once(stages: Sequence[Stage], action: Callable[[Stage], None]) -> None:
    """Do the same with every stage at the same time, for what consists of waiting.

    Raises: RuntimeError when it failed for one. A KeyboardInterrupt does not wait for the others.
    """
    faults: list[BaseException] = []

    def act(stage: Stage) -> None:
        try:
            action(stage)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=act, args=(stage,), daemon=True) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        # A thread that is waited for without a limit keeps ctrl-C waiting too.
        while thread.is_alive():
            thread.join(_SOON_S)
    if faults:
        raise RuntimeError(f"a measurement failed: {faults[0]}") from faults[0]
