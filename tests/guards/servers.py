"""Real database servers, each started on a socket in a folder of its own, and never left behind.

They are Debian's packages: apt-get install postgresql mariadb-server redis-server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pymysql
import pytest
import redis

from cluster.processes import Process

START_S = 30.0
_NOBODY = 65534
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/bin", "/usr/local/bin")


def program(name: str, package: str) -> str:
    """Find a server's program; without it the test is skipped, and says what to install."""
    found = [path for place in _PLACES for path in sorted(Path("/").glob(f"{place[1:]}/{name}"), reverse=True)]
    on_path = shutil.which(name)
    if not found and on_path is None:
        pytest.skip(f"{name} is missing: apt-get install {package}")
    return str(found[0]) if found else str(on_path)


class Server:
    """One server: started on entering, removed with its data on leaving.

    Servers that refuse to run as root run as nobody then.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="guards-"))
        self._as: list[str] = []
        if os.getuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
            self._as = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        self.process: Process

    def __enter__(self) -> Self:
        self._install()
        self.process = Process([*self._as, *self._command()], self.folder / "log", self.folder)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        deadline_s = time.monotonic() + START_S
        while True:
            try:
                self._connect_once()
                return
            except (OSError, psycopg.OperationalError, pymysql.err.OperationalError, redis.ConnectionError) as error:
                if not self.process.pid or time.monotonic() > deadline_s:
                    raise AssertionError(f"{error}\n{self.process.log_tail()}") from error
                time.sleep(0.02)

    def crash(self) -> None:
        """End it without a gentle shutdown, and start it again on the same data."""
        self._end()
        self.start()

    def _end(self) -> None:
        self.process.kill()

    def _run(self, *command: str) -> None:
        done = subprocess.run([*self._as, *command], capture_output=True, text=True, cwd=self.folder, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def _install(self) -> None:
        """Make the data that the server starts on."""

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _connect_once(self) -> None:
        raise NotImplementedError


class Postgresql(Server):
    """A PostgreSQL that keeps what a crash of the server, not of the machine, would keep.

    Args:
        fsync: also what a crash of the machine would keep.
    """

    def __init__(self, fsync: bool = False) -> None:
        super().__init__()
        self._fsync = "on" if fsync else "off"

    @property
    def dsn(self) -> str:
        return f"host={self.folder} user=guard dbname=postgres"

    def _install(self) -> None:
        initdb = program("initdb", "postgresql")
        self._run(initdb, "-D", str(self.folder / "data"), "-U", "guard", "-A", "trust", "--no-sync", "-E", "UTF8")

    def _command(self) -> list[str]:
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=120")
        flags = [part for setting in (*settings, f"fsync={self._fsync}") for part in ("-c", setting)]
        return [program("postgres", "postgresql"), "-D", str(self.folder / "data"), *flags]

    def _connect_once(self) -> None:
        psycopg.connect(self.dsn).close()

    def _end(self) -> None:
        """End it by an immediate shutdown, after which it recovers from its log.

        SIGKILL leaves children behind for a moment, which would keep the next one from starting.
        """
        self.process.end_with(signal.SIGQUIT)


class Mariadb(Server):
    """A MariaDB on a socket."""

    @property
    def arguments(self) -> dict[str, Any]:
        # Else PyMySQL reads the machine's authorities for each connection: 40 ms in which nobody else comes to run.
        return {"unix_socket": str(self.folder / "socket"), "user": "root", "database": "guard", "ssl_disabled": True}

    def _install(self) -> None:
        install = program("mariadb-install-db", "mariadb-server")
        data = f"--datadir={self.folder / 'data'}"
        self._run(install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db")

    def _command(self) -> list[str]:
        flags = [f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 'socket'}", "--skip-networking"]
        tuned = ["--innodb-flush-log-at-trx-commit=2", "--max-connections=120", f"--pid-file={self.folder / 'pid'}"]
        return [program("mariadbd", "mariadb-server"), "--no-defaults", *flags, *tuned]

    def _connect_once(self) -> None:
        with socket.socket(socket.AF_UNIX) as probe:  # PyMySQL leaves its own open when it is refused
            probe.connect(self.arguments["unix_socket"])
        connection = pymysql.connect(**{**self.arguments, "database": None})
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS guard")


class Redis(Server):
    """A Redis that has each write on disk before it answers."""

    @property
    def socket(self) -> str:
        return str(self.folder / "socket")

    def _command(self) -> list[str]:
        flags = ["--port", "0", "--unixsocket", self.socket, "--dir", str(self.folder), "--save", ""]
        return [program("redis-server", "redis-server"), *flags, "--appendonly", "yes", "--appendfsync", "always"]

    def _connect_once(self) -> None:
        with redis.Redis(unix_socket_path=self.socket) as client:
            client.ping()


SERVERS: dict[str, Callable[[], Server]] = {"postgresql": Postgresql, "mariadb": Mariadb, "redis": Redis}
