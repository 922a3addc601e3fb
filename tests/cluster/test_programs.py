"""Which kube-apiserver and etcd are taken, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster import programs
from cluster.programs import ProgramsMissing, find_programs


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(programs, "CACHE", tmp_path / "cache")


def install(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_assets_come_before_the_path_and_the_path_before_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = install(tmp_path / "cache", "kube-apiserver", "etcd", "kubectl")
    assert find_programs().etcd == cache / "etcd"
    assert find_programs().kubectl == cache / "kubectl"
    path = install(tmp_path / "path", "kube-apiserver", "etcd")
    assert find_programs().kube_apiserver == path / "kube-apiserver"
    assets = install(tmp_path / "assets", "kube-apiserver", "etcd", "kubectl")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    assert find_programs().kube_apiserver == assets / "kube-apiserver"


def test_a_kubectl_from_another_place_is_not_taken(tmp_path: Path) -> None:
    install(tmp_path / "path", "kubectl")
    install(tmp_path / "cache", "kube-apiserver", "etcd")
    assert find_programs().kubectl is None


def test_half_a_set_on_the_path_is_passed_over(tmp_path: Path) -> None:
    install(tmp_path / "path", "etcd")
    cache = install(tmp_path / "cache", "kube-apiserver", "etcd")
    assert find_programs().etcd == cache / "etcd"


def test_assets_that_lack_a_program_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "cache", "kube-apiserver", "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(install(tmp_path / "assets", "etcd")))
    with pytest.raises(ProgramsMissing, match="correct or unset it"):
        find_programs()


def test_what_is_missing_is_said_with_the_command_that_builds_it() -> None:
    with pytest.raises(ProgramsMissing, match=r"run \S*build-binaries \S+ apiserver"):
        find_programs(build=False)


def test_without_go_nothing_is_built() -> None:
    with pytest.raises(ProgramsMissing, match="install Go"):
        find_programs()
