"""What is a file's own about its guard: links, leftovers, modes, and a writer that is frozen."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from guards.file_store import FileStore, path_of
from guards.store import child_environment, in_threads
from leader_sidecar.fencing import Busy, MalformedToken, StaleToken
from leader_sidecar.fencing.file import Guard

PAYOUTS = Guard("payouts", wait_s=0.2)


def test_the_file_is_replaced_as_a_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "payouts.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with PAYOUTS.fence(path, 418) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert {one.name for one in tmp_path.iterdir()} == {
        "payouts.json",
        "payouts.json.fence",
        "payouts.json.fence.lock",
    }


def test_a_link_to_the_file_has_the_files_mark(tmp_path: Path) -> None:
    path, link = tmp_path / "payouts.json", tmp_path / "link"
    path.write_bytes(b"")
    link.symlink_to(path)
    PAYOUTS.stamp(path, 418)
    with pytest.raises(StaleToken):
        PAYOUTS.stamp(link, 417)
    with PAYOUTS.fence(link, 419) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("garbled", [b"", b"-1\n", b"418\n418\n", b"\x00" * 8])
def test_a_garbled_mark_refuses_everything(tmp_path: Path, garbled: bytes) -> None:
    path = tmp_path / "payouts.json"
    Path(f"{path}.fence").write_bytes(garbled)
    with pytest.raises(MalformedToken):
        PAYOUTS.stamp(path, 418)
    assert not path.exists()


def test_what_a_killed_writer_left_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "payouts.json"
    Path(f"{path}.fence.next").write_bytes(b"left over, and longer than what follows")
    with PAYOUTS.fence(path, 418) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_a_frozen_writer_keeps_others_out_until_it_is_killed(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    path = path_of(store.folder, "payouts")
    command = [sys.executable, "-m", "guards.halfway", "file", store.folder, "payouts", "417", "late"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "halfway\n"
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(Busy, match=r"did not end within 0\.2s"):
            PAYOUTS.stamp(path, 418)
        child.kill()
    PAYOUTS.stamp(path, 418)
    assert store.entries("payouts") == []


def test_threads_of_one_process_keep_each_other_out(tmp_path: Path) -> None:
    path, guard = tmp_path / "count", Guard("count")
    path.write_bytes(b"0")

    def add(_: int) -> None:
        for _ in range(20):
            with guard.fence(path, 418) as file:
                file.write(b"%d" % (int(path.read_bytes()) + 1))

    in_threads(4, add)
    assert path.read_bytes() == b"80"
