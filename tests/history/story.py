"""Logs as sidecars write them, told in a few words: which process says what, when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from leader_sidecar.history.judge import judge
from leader_sidecar.history.lines import Log, read_logs
from leader_sidecar.history.verdicts import Verdict

D_S = 15.0
R_S = 10.0


@dataclass
class Story:
    """Collect lines of several processes, each in a log of its own.

    Args:
        boot_id: of the machine they run on.
        debug: requests and renewals are told too.
    """

    boot_id: str = "boot-1"
    debug: bool = True
    logs: dict[str, list[str]] = field(default_factory=dict)

    def say(self, who: str, event: str, at_s: float, **told: Any) -> str:
        """Let a process say something. Args: who: `pod.nonce`. Returns: where it stands."""
        pod, _, nonce = who.partition(".")
        base = {"event": event, "election": "default/payouts", "identity": f"{pod}_uid-of-{pod}_{nonce}"}
        told = {**base, "uid": "lease-1", **told, "boottime_s": at_s, "boot_id": self.boot_id}
        return self.write(f"{pod}.log", json.dumps({key: value for key, value in told.items() if value is not None}))

    def write(self, name: str, text: str) -> str:
        """Write a line into a log. Returns: where it stands."""
        lines = self.logs.setdefault(name, [])
        lines.append(text)
        return f"{name}:{len(lines)}"

    def ask(self, who: str, verb: str, outcome: str, at_s: float, version: int = 1) -> None:
        """Let a request end, which only a log with debug tells; what comes of it is told after it."""
        if self.debug:
            self.say(who, "request", at_s - 1e-6, verb=verb, outcome=outcome, resourceVersion=version)

    def lead(self, who: str, token: int, at_s: float, version: int, sent_s: float | None = None) -> str:
        """Let a process become leader."""
        self.ask(who, "token", "written", at_s, version - 1)
        until_s = (at_s if sent_s is None else sent_s) + R_S
        return self.say(who, "became_leader", at_s, token=token, valid_until_s=until_s, resourceVersion=version)

    def renew(self, who: str, token: int, at_s: float, version: int) -> str:
        """Let it renew, which only a log with debug tells. Returns: where it stands, "" for nowhere."""
        self.ask(who, "renew", "written", at_s, version - 1)
        told = {"token": token, "valid_until_s": at_s + R_S, "resourceVersion": version}
        return self.say(who, "renewed", at_s, **told) if self.debug else ""

    def stop(self, who: str, token: int, at_s: float, version: int, valid_until_s: float | None) -> str:
        """Let its term end."""
        told = {"token": token, "valid_until_s": valid_until_s, "reason": "told by the test"}
        return self.say(who, "stopped_leading", at_s, **told, resourceVersion=version)

    def release(self, who: str, token: int, at_s: float, version: int) -> str:
        """Let it give the Lease back."""
        self.ask(who, "release", "written", at_s, version - 1)
        return self.say(who, "released", at_s, token=token, resourceVersion=version)

    def see(self, who: str, leader: str, at_s: float, version: int) -> str:
        """Let it see another leader."""
        pod, _, nonce = leader.partition(".")
        name = f"{pod}_uid-of-{pod}_{nonce}"
        return self.say(who, "new_leader", at_s, leader=name, resourceVersion=version)

    def account(self, event: str, token: int, **told: Any) -> str:
        """Let the ledger accept or refuse a write."""
        return self.write("ledger.log", json.dumps({"event": event, "token": token, "resource": "payouts", **told}))

    def read(self) -> Log:
        """Read all logs."""
        return read_logs(self.logs.items())

    def verdicts(self) -> dict[str, Verdict]:
        """Judge them."""
        return {one.promise: one for one in judge(self.read())}

    def broken(self) -> dict[str, list[Sequence[str]]]:
        """Judge them. Returns: for each broken promise, where the lines stand that contradict each other."""
        return {
            promise: [[line.place for line in one.lines] for one in verdict.violations]
            for promise, verdict in self.verdicts().items()
            if verdict.violations
        }


def handed_over(debug: bool = True) -> Story:
    """Tell of a leader that is told to stop, and of one that follows it, and of the ledger that both write to."""
    story = Story(debug=debug)
    story.say("payouts-0.a", "started", 100.0, uid=None)
    story.say("payouts-1.b", "started", 101.0, uid=None)
    story.lead("payouts-0.a", 6, 115.0, 7)
    story.see("payouts-1.b", "payouts-0.a", 115.0, 6)
    story.account("accepted", 6, what="stamp")
    story.account("accepted", 6, what="pay 417")
    story.renew("payouts-0.a", 6, 120.0, 8)
    story.stop("payouts-0.a", 6, 122.0, 8, 130.0)
    story.release("payouts-0.a", 6, 122.1, 9)
    story.lead("payouts-1.b", 11, 122.2, 11)
    story.account("accepted", 11, what="stamp")
    story.account("refused", 6, high_water=11, what="pay 418")
    story.account("accepted", 11, what="pay 418")
    story.renew("payouts-1.b", 11, 127.2, 12)
    story.stop("payouts-1.b", 11, 130.0, 12, 137.2)
    return story
