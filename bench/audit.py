"""Owns the count of API requests: by the API server's own audit log, in which every request names its account."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from cluster.apiserver import ApiServer

# One line for each request, when it comes in; the tests' own requests and the server's are not service accounts'.
_POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["ResponseStarted", "ResponseComplete", "Panic"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}


class Audit:
    """Let an API server write its audit log: it is started again for that.

    Args:
        api: one that runs, and has no clients yet.
    """

    def __init__(self, api: ApiServer, folder: Path) -> None:
        policy, self._log = folder / "audit-policy.json", folder / "audit.log"
        policy.write_text(json.dumps(_POLICY))
        api.server.stop()
        api.server.command += [f"--audit-policy-file={policy}", f"--audit-log-path={self._log}"]
        api.server.start()
        api.wait_ready()

    def count(self, namespace: str, account: str, since_s: float, until_s: float) -> int:
        """Count the requests of one service account between two instants of the wall clock."""
        with self._log.open() as lines:
            return count(lines, f"system:serviceaccount:{namespace}:{account}", since_s, until_s)


def count(lines: Iterable[str], user: str, since_s: float, until_s: float) -> int:
    """Count the lines of one user's requests; a last line that is not whole yet counts nothing."""
    found = 0
    for line in lines:
        if user not in line or not line.endswith("\n"):
            continue
        event = json.loads(line)
        at_s = datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
        found += event["stage"] == "RequestReceived" and event["user"]["username"] == user and since_s <= at_s < until_s
    return found
