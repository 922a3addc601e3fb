"""The pod's socket: one holder, freed with it, and a name for every election."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest

from leader_sidecar.runtime.pod_socket import PodSocketTaken, bind_pod_socket, socket_name


@pytest.fixture
def uid() -> str:
    return str(uuid.uuid4())


def test_a_second_holder_is_told_what_to_do(uid: str) -> None:
    with bind_pod_socket(uid, "default", "payouts"), pytest.raises(PodSocketTaken, match="remove one"):
        bind_pod_socket(uid, "default", "payouts")


def test_other_elections_and_other_pods_are_free(uid: str) -> None:
    with bind_pod_socket(uid, "default", "payouts"), bind_pod_socket(uid, "default", "reports"):
        bind_pod_socket(str(uuid.uuid4()), "default", "payouts").close()


def test_a_process_that_was_killed_holds_nothing(uid: str) -> None:
    program = (
        "import sys\nfrom leader_sidecar.runtime.pod_socket import bind_pod_socket\n"
        f"held = bind_pod_socket({uid!r}, 'default', 'payouts')\nprint('held', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PodSocketTaken):
            bind_pod_socket(uid, "default", "payouts")
        holder.kill()
    bind_pod_socket(uid, "default", "payouts").close()


def test_the_longest_names_fit_and_stay_apart(uid: str) -> None:
    names = {socket_name(uid, "n" * 63, "e" * 252 + last) for last in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 108 for name in names)
    bind_pod_socket(uid, "n" * 63, "e" * 253).close()


def test_the_name_is_the_documented_one(uid: str) -> None:
    assert socket_name(uid, "default", "payouts") == f"\0leader-sidecar/{uid}/default/payouts".encode()
