"""What `doctor` sees of a machine: its clock and its ports."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leader_sidecar.cli.doctor_machine import clock_findings, listen_finding, probe_finding
from leader_sidecar.runtime.names import ListenAddress


def proc(folder: Path, version: str = "Linux version 6.1", offsets: str = "monotonic 0 0\nboottime 0 0\n") -> Path:
    (folder / "self").mkdir()
    (folder / "version").write_text(version)
    (folder / "self" / "timens_offsets").write_text(offsets)
    return folder


def test_a_clock_that_goes_on_is_well(tmp_path: Path) -> None:
    times = iter([100.0, 100.5])
    (finding,) = clock_findings(lambda: next(times), proc(tmp_path))
    assert (finding.verdict, finding.detail) == ("ok", "CLOCK_BOOTTIME works, 100s since boot")


def test_a_clock_that_goes_back_or_is_missing_is_wrong(tmp_path: Path) -> None:
    times = iter([100.0, 99.0])
    (finding,) = clock_findings(lambda: next(times), tmp_path)
    assert (finding.verdict, finding.detail) == ("wrong", "CLOCK_BOOTTIME went back by 1s")

    def missing() -> float:
        raise OSError(22, "Invalid argument")

    (finding,) = clock_findings(missing, tmp_path)
    assert finding.verdict == "wrong"


def test_a_sandbox_and_a_time_namespace_are_hints(tmp_path: Path) -> None:
    folder = proc(
        tmp_path,
        "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016",
        "monotonic           0         0\nboottime     86400         0\n",
    )
    _, sandbox, namespace = clock_findings(lambda: 1.0, folder)
    assert sandbox.verdict == namespace.verdict == "hint"
    assert "gVisor" in sandbox.detail
    assert "by 86400s" in namespace.detail


def test_a_machine_that_tells_nothing_of_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    assert [one.verdict for one in clock_findings(lambda: 1.0, tmp_path / "nothing")] == ["ok"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "", "0.0.0.0"])
def test_a_free_port_is_well(host: str) -> None:
    finding = probe_finding(ListenAddress(host, free_port()))
    assert finding.verdict == "ok"
    assert "is free" in finding.detail


def test_a_port_of_the_kernels_choice_needs_no_look() -> None:
    assert listen_finding(ListenAddress("localhost", 0)).verdict == "skipped"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_a_sidecar_answers_is_well(host: str, sidecar: Any) -> None:
    sidecar.show("default/payouts")
    finding = listen_finding(ListenAddress(host, sidecar.http.port))
    assert (finding.verdict, finding.detail) == ("ok", f"a sidecar answers at {host}:{sidecar.http.port}")


def test_a_port_that_something_else_holds_is_wrong_and_another_is_named(serve: Callable[..., Any]) -> None:
    port = serve(200, "<html>").port
    finding = listen_finding(ListenAddress("localhost", port))
    assert (finding.verdict, finding.detail) == ("wrong", f"localhost:{port} is taken by something that is no sidecar")
    assert finding.fix.startswith("leader-sidecar run --listen localhost:")
    assert str(port) not in finding.fix


@pytest.mark.parametrize(("status", "verdict"), [(200, "ok"), (503, "ok"), (404, "wrong")])
def test_a_probe_port_is_judged_by_livez(status: int, verdict: str, serve: Callable[..., Any]) -> None:
    server = serve(status, "")
    assert probe_finding(ListenAddress("", server.port)).verdict == verdict
    assert server.asked == ["/livez"]


def test_a_port_that_speaks_no_http_is_wrong() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silent.settimeout(0.01)
        finding = probe_finding(ListenAddress("127.0.0.1", port))
    assert finding.verdict == "wrong"
    assert "does not answer as a sidecar does" in finding.detail


def test_an_address_of_another_machine_is_wrong() -> None:
    finding = probe_finding(ListenAddress("192.0.2.1", 8081))
    assert (finding.verdict, finding.detail) == ("wrong", "192.0.2.1:8081 is no address of this machine")
