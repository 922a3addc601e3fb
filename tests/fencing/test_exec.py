"""`leader-sidecar exec`: a program that knows nothing of leadership runs only while this pod leads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fencing.fake_sidecar import FakeSidecar
from process.sidecars import wait_for

SOON_S = 10.0
_PROGRAM = (sys.executable, "-c", "import sys; from leader_sidecar.cli.exec import main; sys.exit(main(sys.argv[1:]))")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(sidecar: FakeSidecar) -> Iterator[Start]:
    """Start `exec` beside the sidecar."""
    made: list[subprocess.Popen[str]] = []

    def run(*words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "LEADER_URL": sidecar.url}
        pipe = subprocess.PIPE
        made.append(subprocess.Popen([*_PROGRAM, *words], env=environment, stdout=pipe, stderr=pipe, text=True))
        return made[-1]

    yield run
    for one in made:
        one.kill()
        one.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SOON_S)
    return process.returncode, out, err


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def gone(pid: int) -> bool:
    return bool(wait_for(lambda: not is_alive(pid), SOON_S, f"{pid} ends"))


def test_the_command_runs_with_the_term_in_its_environment_and_its_code_is_ours(
    start: Start, sidecar: FakeSidecar
) -> None:
    sidecar.lead(418)
    script = 'echo "$LEADER_TOKEN $LEADER_ELECTION $LEADER_URL"; exit 7'
    assert ended(start("--", "sh", "-c", script)) == (7, f"418 default/payouts {sidecar.url}\n", "")


def test_it_waits_for_leadership(start: Start, sidecar: FakeSidecar) -> None:
    process = start("--", "echo", "done")
    wait_for(lambda: "/leader/events" in sidecar.asked, SOON_S, "it listens")
    assert process.poll() is None
    sidecar.lead(418)
    assert ended(process) == (0, "done\n", "")


def test_n_does_not_wait(start: Start, sidecar: FakeSidecar) -> None:
    code, out, err = ended(start("-n", "--", "echo", "never"))
    assert (code, out) == (75, "")
    assert err == "leader-sidecar exec: this pod does not lead\n"
    sidecar.lead(418)
    assert ended(start("-n", "--", "echo", "now")) == (0, "now\n", "")


def test_no_sidecar_is_not_leading(start: Start) -> None:
    assert ended(start("-n", "--url", "http://127.0.0.1:9", "--", "true"))[0] == 75


@pytest.mark.parametrize(("words", "says"), [((), "no command to run"), (("--",), "no command"), (("ls",), "ls")])
def test_wrong_usage_is_exit_2(start: Start, words: tuple[str, ...], says: str) -> None:
    code, _, err = ended(start(*words))
    assert code == 2
    assert says in err
    assert err.count("\n") == 1


def test_a_command_that_cannot_be_run_is_told_as_shells_do(start: Start, sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.lead(418)
    assert ended(start("--", "no-such-program"))[0] == 127
    (tmp_path / "file").touch()
    code, _, err = ended(start("--", str(tmp_path / "file")))
    assert (code, err) == (126, f"leader-sidecar exec: cannot run {tmp_path}/file: Permission denied\n")


def test_the_end_of_the_term_is_sigterm_at_once(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=60.0)
    process = start("--", "sh", "-c", "trap 'echo stopping; exit 3' TERM; echo up; while :; do sleep 0.05; done")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    sidecar.follow()
    code, out, err = ended(process)
    assert (code, out) == (3, "stopping\n")
    assert err == "leader-sidecar exec: term 418 of default/payouts is over: stopping the command\n"


def test_validity_that_runs_low_is_sigterm_and_then_sigkill_of_the_group_at_its_end(
    start: Start, sidecar: FakeSidecar
) -> None:
    sidecar.lead(418, valid_s=3.0)
    until_s = time.clock_gettime(time.CLOCK_BOOTTIME) + 3.0
    script = "trap 'date +%s.%N' TERM; (trap '' TERM; echo $$; exec sleep 60) & while :; do wait; sleep 0.01; done"
    process = start("--stop-grace", "1s", "--", "bash", "-c", script)
    assert process.stdout is not None
    group = int(process.stdout.readline())
    told_s = float(process.stdout.readline())
    code, _, _ = ended(process)
    end_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert code == 128 + signal.SIGKILL
    assert gone(group)
    assert until_s - 0.2 < end_s < until_s + 0.5
    told_before_end_s = until_s - (told_s - time.time() + end_s)
    assert 0.7 < told_before_end_s < 1.3


def test_renewals_keep_the_command_running(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418, valid_s=1.5)
    process = start("--stop-grace", "500ms", "--", "sleep", "2.5")
    deadline_s = time.monotonic() + 2.6
    while process.poll() is None and time.monotonic() < deadline_s:
        sidecar.lead(418, valid_s=1.5)
        time.sleep(0.1)
    assert ended(process)[0] == 0


def test_what_the_command_leaves_running_does_not_outlive_it(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    code, out, _ = ended(start("--", "sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"))
    assert code == 0
    assert gone(int(out))


def test_signals_are_passed_on(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    script = "trap 'echo hup' HUP; trap 'echo term; exit 9' TERM; echo up; while :; do sleep 0.05; done"
    process = start("--restart", "--", "sh", "-c", script)
    assert process.stdout is not None
    for number, said in ((None, "up"), (signal.SIGHUP, "hup"), (signal.SIGTERM, "term")):
        if number:
            process.send_signal(number)
        assert process.stdout.readline() == f"{said}\n"
    assert ended(process)[0] == 9


def test_a_signal_while_it_waits_ends_it(start: Start, sidecar: FakeSidecar) -> None:
    process = start("--", "echo", "never")
    wait_for(lambda: "/leader/events" in sidecar.asked, SOON_S, "it listens")
    process.send_signal(signal.SIGTERM)
    assert ended(process)[:2] == (128 + signal.SIGTERM, "")


def test_restart_runs_the_command_again_in_the_next_term(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    script = 'echo $LEADER_TOKEN; [ "$LEADER_TOKEN" = 419 ] && exit 5; exec sleep 60'
    process = start("--restart", "--", "sh", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "418\n"
    sidecar.follow()
    time.sleep(0.3)
    sidecar.lead(419)
    assert ended(process)[:2] == (5, "419\n")


def test_without_restart_the_lost_commands_code_is_ours(start: Start, sidecar: FakeSidecar) -> None:
    sidecar.lead(418)
    process = start("--", "sh", "-c", "echo up; exec sleep 60")
    assert process.stdout is not None
    process.stdout.readline()
    sidecar.follow()
    assert ended(process)[0] == 128 + signal.SIGTERM


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_the_command_is_killed_even_where_exec_is_killed_or_frozen(
    start: Start, sidecar: FakeSidecar, harm: int
) -> None:
    sidecar.lead(418, valid_s=3.0)
    process = start("--stop-grace", "500ms", "--", "sh", "-c", "trap '' TERM; echo $$; exec sleep 60")
    assert process.stdout is not None
    command = int(process.stdout.readline())
    began_s = time.monotonic()
    process.send_signal(harm)
    assert gone(command)
    took_s = time.monotonic() - began_s
    assert took_s < 1.5 if harm == signal.SIGKILL else took_s < 4.0
