"""Owns images that a disaster needs beside those of the project: one file above one of ours."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from cluster.kind import KindCluster
from leader_sidecar import __version__


def put_on_nodes(cluster: KindCluster, name: str, base: str, program: Path, entrypoint: str) -> str:
    """Build an image of one more program and load it; return its name.

    Args:
        name: without a tag.
        base: of our images, such as `leader-sidecar`.
        program: a file, which lies at /program.
        entrypoint: as a Dockerfile has it.
    """
    image = f"leader-sidecar/{name}:{__version__}"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(program, Path(folder) / "program")
        recipe = f"FROM ghcr.io/leader-sidecar/{base}:{__version__}\nCOPY program /program\nENTRYPOINT {entrypoint}\n"
        (Path(folder) / "Dockerfile").write_text(recipe)
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", image, folder], capture_output=True, timeout=300, check=True
        )
    # To the one node that no disaster befalls meanwhile.
    cluster.load(image, nodes=[cluster.control_plane])
    return image
