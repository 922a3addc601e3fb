"""Owns the process that kills a command's process group when its term is over, whatever became of who started it.

It is forked before anything else, and told through a pipe which group may live until when. When the instant passes
without news, because the other end was frozen, or the pipe breaks, because it was killed, the group is killed.
"""

import os
import select
import signal
import struct
from contextlib import suppress

from leader_sidecar.fencing.sight import now_s

_NEWS = struct.Struct("<qd")  # under PIPE_BUF: written in one piece
_LOOK_S = 0.25  # select(2) does not count the time in which the machine was suspended


class Watchdog:
    """The near end of the pipe."""

    def __init__(self) -> None:
        far, self._near = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._near)
            try:
                _watch(far)
            finally:
                os._exit(0)
        os.close(far)

    def tell(self, group: int, until_s: float) -> None:
        """Say that a process group may live until an instant of CLOCK_BOOTTIME; group 0: there is none."""
        os.write(self._near, _NEWS.pack(group, until_s))

    def close(self) -> None:
        """End it; a group that it still has is killed."""
        os.close(self._near)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def kill_group(group: int) -> None:
    """Kill whatever is left of a process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _watch(news: int) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)  # whoever reads the command's output must see it end with the command
    group, until_s = 0, 0.0
    while True:
        left_s = until_s - now_s() if group else _LOOK_S
        if left_s <= 0:
            kill_group(group)
            group = 0
        elif select.select([news], [], [], min(left_s, _LOOK_S))[0]:
            told = os.read(news, _NEWS.size)
            if len(told) < _NEWS.size:
                break
            group, until_s = _NEWS.unpack(told)
    if group:
        kill_group(group)
