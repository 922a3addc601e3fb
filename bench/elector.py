"""Owns the client-go elector of `bench/clientgo`: built by Go into the cache, anew when its source changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cluster.programs import CACHE

SOURCE = Path(__file__).with_name("clientgo")
_FILES = ("go.mod", "go.sum", "main.go")
_BUILD_S = 900.0


class ElectorMissing(Exception):
    """The peer could not be built; the message names the fix."""


def client_go_version() -> str:
    """Return the version of client-go that is measured."""
    found = re.search(r"k8s\.io/client-go (v\S+)", (SOURCE / "go.mod").read_text())
    return found[1] if found else "unknown"


def find_elector() -> Path:
    """Build the elector, or find it built from this very source.

    Raises: ElectorMissing when there is no Go, or it cannot build it.
    """
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    program = CACHE / f"clientgo-elector-{digest}"
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise ElectorMissing("there is no `go`: install Go 1.26 or newer, or use --without-client-go")
    CACHE.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(".part")
    command = ["go", "build", "-trimpath", "-o", str(part), "."]
    built = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=_BUILD_S, check=False)
    if built.returncode:
        raise ElectorMissing(f"{' '.join(command)} in {SOURCE} failed:\n{built.stderr.strip()}")
    for old in CACHE.glob("clientgo-elector-*"):
        if old != part:
            old.unlink()
    return part.rename(program)


def main() -> int:
    """Build the elector ahead of the tests that need it. Returns: 1 where CI has to have it and it is missing."""
    try:
        print(find_elector())
    except ElectorMissing as missing:
        print(f"{missing}\nWithout it the tests beside client-go are left out.", file=sys.stderr)
        return int(bool(os.environ.get("CI")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
