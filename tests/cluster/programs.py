"""Where the programs of a real API server come from: given by a person, found on the path, or built once and kept.

`PYTHONPATH=tests python -m cluster.programs` finds or builds them before the tests, which only find them: building
takes longer than a test may.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

RECIPE = Path(__file__).with_name("build-binaries")
CACHE = Path.home() / ".cache" / "leader-sidecar" / "bin"
_NEEDED = ("kube-apiserver", "etcd")


class ProgramsMissing(Exception):
    """No kube-apiserver and etcd were found, and they could not be built; the message names the fix."""


@dataclass(frozen=True)
class Programs:
    """The programs of one API server, all from one place, so that their versions belong together.

    `kubectl` is None where that place has none: nothing here needs it, and one from elsewhere may be of any version.
    """

    kube_apiserver: Path
    etcd: Path
    kubectl: Path | None


def find_programs(*, build: bool = True) -> Programs:
    """Find kube-apiserver and etcd: in $KUBEBUILDER_ASSETS, on $PATH, in the cache; else build them there.

    Args:
        build: whether to build what is missing (about 6 minutes, once; needs Go 1.26 or newer).
    Returns: programs of one place; a place that has only one of the two is passed over.
    Raises: ProgramsMissing when nothing was found and building was not allowed or failed, or when
        $KUBEBUILDER_ASSETS is set and does not hold both programs: somebody meant it, so nothing else is taken.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        found = _in_folder(Path(assets))
        if found is None:
            raise ProgramsMissing(f"KUBEBUILDER_ASSETS={assets} lacks {' or '.join(_NEEDED)}: correct or unset it")
        return found
    on_path = {name: shutil.which(name) for name in _NEEDED}
    if all(on_path.values()):
        server = Path(str(on_path["kube-apiserver"]))
        kubectl = server.with_name("kubectl")
        return Programs(server, Path(str(on_path["etcd"])), kubectl if kubectl.exists() else None)
    found = _in_folder(CACHE)
    if found is None and build:
        _build()
        found = _in_folder(CACHE)
    if found is None:
        raise ProgramsMissing(f"no kube-apiserver and etcd: run {RECIPE} {CACHE} apiserver, or set KUBEBUILDER_ASSETS")
    return found


def main() -> int:
    """Find the programs, or build them, and print where they are. Returns: the exit code."""
    try:
        programs = find_programs()
    except ProgramsMissing as error:
        print(error, file=sys.stderr)
        return 2
    print(programs.kube_apiserver, programs.etcd, sep="\n")
    return 0


def _in_folder(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
        return None
    kubectl = folder / "kubectl"
    return Programs(folder / "kube-apiserver", folder / "etcd", kubectl if kubectl.exists() else None)


def _build() -> None:
    if shutil.which("go") is None:
        raise ProgramsMissing(
            "no kube-apiserver and etcd, and no Go to build them: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS "
            "to the folder that `setup-envtest use -p path` prints"
        )
    try:
        subprocess.run([RECIPE, CACHE, "apiserver"], check=True, timeout=1800)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ProgramsMissing(f"building kube-apiserver and etcd failed: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
