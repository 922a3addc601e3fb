"""Owns the command `devserver`: serve Leases from memory until ctrl-C or SIGTERM."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.devserver.server import DevServer, start
from leader_sidecar.devserver.store import Store


def parser() -> Parser:
    """Make the parser of `devserver`."""
    made = Parser(
        "devserver",
        "Serve Leases from memory as a Kubernetes API server would, for development and tests. All is forgotten when "
        "it ends, as after an etcd restore; to go on with larger fencing tokens, pass --first-version.",
        epilog="kubectl works for Leases and Events; give --validate=false to its create and replace.",
    )
    made.add_argument(
        "--listen",
        default="127.0.0.1:0",
        metavar="HOST:PORT",
        help="where to listen; port 0, the default, is a free one",
    )
    made.add_argument("--kubeconfig", type=Path, metavar="FILE", help="write a kubeconfig for this server to FILE")
    made.add_argument(
        "--token",
        default=os.environ.get("LEADER_SIDECAR_DEVSERVER_TOKEN"),
        help="answer 401 to requests without this bearer token; $LEADER_SIDECAR_DEVSERVER_TOKEN keeps it out of ps",
    )
    made.add_argument(
        "--first-version", type=int, default=1, metavar="N", help="the resourceVersion of the first write (default 1)"
    )
    return made


def main(argv: Sequence[str]) -> int:
    """Serve."""
    made = parser()
    flags = made.read(argv)
    if not 1 <= flags.first_version < 2**53:
        return tell_faults(made.prog, [f"--first-version {flags.first_version}: give a number from 1 to 2^53 - 1"])
    store = Store(first_version=flags.first_version)
    try:
        return asyncio.run(_serve(flags.listen, flags.token or None, flags.kubeconfig, store))
    except ValueError as error:
        return tell_faults(made.prog, [f"--listen {error}"])
    except _Unusable as error:
        return tell_faults(made.prog, [str(error)])


class _Unusable(Exception):
    """The address or the file that was given cannot be used."""


async def _serve(listen: str, token: str | None, kubeconfig: Path | None, store: Store) -> int:
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)
    try:
        server = await start(listen, token=token, store=store)
    except OSError as error:
        # An error of name resolution has a text of its own, and a negative number that strerror does not know.
        errno = error.errno or 0
        why = os.strerror(errno).lower() if errno > 0 else error.strerror or str(error)
        raise _Unusable(f"--listen {listen}: {why}: give another address, or port 0 for a free one") from None
    async with server:
        _tell(server, kubeconfig)
        await asked_to_stop.wait()
    return 0


def _tell(server: DevServer, kubeconfig: Path | None) -> None:
    if kubeconfig is None:
        how = "for a kubeconfig pass --kubeconfig FILE"
    else:
        try:
            server.write_kubeconfig(kubeconfig)
        except OSError as error:
            raise _Unusable(f"--kubeconfig {kubeconfig}: {(error.strerror or str(error)).lower()}") from None
        how = f"export KUBECONFIG={kubeconfig.absolute()}"
    print(f"leader-sidecar devserver: {server.url}   {how}", flush=True)
    if server.token is None and not server.url.startswith(("http://127.", "http://[::1]")):
        print("leader-sidecar devserver: open to the network without --token", file=sys.stderr)
