"""The chart's `helm test`: of all pods behind a name, exactly one says that it leads.

python3 -m housekeeping.one_leader HOST PORT
"""

from __future__ import annotations

import http.client
import re
import socket
import sys
import time

WITHIN_S = 90.0
_LEADING = re.compile(r'^leader_election_master_status\{name="[^"]*"\} 1(\.0)?$', re.MULTILINE)


def main(host: str, port: int, within_s: float = WITHIN_S) -> int:
    """Ask all pods until exactly one leads, as after a new Lease's first wait. Returns: the exit code."""
    deadline_s = time.monotonic() + within_s
    said = "nobody was asked"
    while time.monotonic() < deadline_s:
        try:
            leading = {address: leads(address, port) for address in addresses(host, port)}
        except (OSError, http.client.HTTPException) as error:
            said = f"{host}: {error}"
        else:
            leaders = [address for address, yes in leading.items() if yes]
            said = f"of {', '.join(leading)} lead: {', '.join(leaders) or 'none'}"
            if len(leaders) == 1:
                print(said)
                return 0
        time.sleep(0.5)
    print(f"not exactly one leader within {within_s:g} s: {said}", file=sys.stderr)
    return 1


def addresses(host: str, port: int) -> list[str]:
    """Resolve the name of a headless Service to the addresses of its pods."""
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})


def leads(address: str, port: int) -> bool:
    """Ask one pod's metrics."""
    connection = http.client.HTTPConnection(address, port, timeout=5.0)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
        return _LEADING.search(connection.getresponse().read().decode()) is not None
    finally:
        connection.close()


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        print("usage: python3 -m housekeeping.one_leader HOST PORT", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
