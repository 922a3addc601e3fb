"""Owns the line that says on what the figures were measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from bench.elector import client_go_version
from cluster.programs import find_programs


def machine() -> str:
    """Describe processor, system and versions in one line."""
    cpus = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.+)$", cpus, re.MULTILINE)
    programs = find_programs(build=False)
    server = subprocess.run([programs.kube_apiserver, "--version"], capture_output=True, text=True, check=False)
    parts = (
        f"{os.cpu_count()} CPUs ({model[1] if model else platform.machine()})",
        f"Linux {platform.release()}",
        f"Python {platform.python_version()}",
        f"aiohttp {version('aiohttp')}",
        f"kube-apiserver {server.stdout.strip().removeprefix('Kubernetes ')}",
        f"client-go {client_go_version()}",
        time.strftime("%Y-%m-%d"),
    )
    return ", ".join(parts)
