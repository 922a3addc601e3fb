"""Lets `python -m leader_sidecar` be the command `leader-sidecar`."""

import sys

from leader_sidecar.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
