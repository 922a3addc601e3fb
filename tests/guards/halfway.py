"""A writer that stops between check and commit, to be killed there: `python -m guards.halfway STORE ADDRESS …`."""

import sys
import time

from guards.stores import session_at


def main() -> None:
    """Open a guarded write, make the change, say so, and never commit."""
    name, address, resource, token, entry = sys.argv[1:]
    with session_at(name, address, resource).guarded(token) as append:
        append(entry)
        print("halfway", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    main()
