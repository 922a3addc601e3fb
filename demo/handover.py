"""Owns the first act: a leader is elected, dies, is followed, steps down, and hands over at once."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from demo.actors import DemoError, Sidecar, wait_for

_ELECTED_S = 12.0  # twice the lease duration, and a little


def play(console: Console, sidecars: list[Sidecar]) -> None:
    """Tell it. Raises: DemoError when it does not go as it must."""
    console.print("Three pods stand for election [bold]default/payouts[/bold]; each asks its own sidecar:")
    for one in sidecars:
        console.print(f"  {one.name}   curl {one.url}")
    console.print(
        "The Lease is new. Somebody might still count on an old one, so the first leader waits its 5 s once.\n"
    )
    first = _leader(sidecars)
    _show(console, sidecars, f"{first.name} leads")
    console.print(f"$ curl -s {first.url}\n{json.dumps(first.answer(), indent=2)}\n", soft_wrap=True)

    console.print(
        f"[bold]kill -KILL[/bold] {first.name}: nobody says good-bye, the others wait for the lease duration."
    )
    before = _token(first)
    killed_s = time.monotonic()
    first.signal(signal.SIGKILL)
    first.child.wait()
    second = _leader([one for one in sidecars if one is not first])
    took_s = time.monotonic() - killed_s
    after_crash = _larger(before, _token(second))
    _show(console, sidecars, f"after {took_s:.1f} s {second.name} leads, with token {after_crash} > {before}")

    console.print(f"[bold]kill -TERM[/bold] {second.name}: it gives the Lease back, and the watch tells the next.")
    stopped_s = time.monotonic()
    second.signal(signal.SIGTERM)
    third = _leader([one for one in sidecars if one not in (first, second)])
    took_s = time.monotonic() - stopped_s
    after_stop = _larger(after_crash, _token(third))
    second.child.wait()
    title = f"after {took_s * 1000:.0f} ms {third.name} leads, with token {after_stop} > {after_crash}"
    _show(console, sidecars, title)
    console.print(f"Three leaders, three tokens: {before} < {after_crash} < {after_stop}. An old one can be refused.")


def _leader(sidecars: Sequence[Sidecar]) -> Sidecar:
    return wait_for(lambda: next((one for one in sidecars if _leads(one)), None), _ELECTED_S, "an election")


def _leads(sidecar: Sidecar) -> bool:
    return bool((sidecar.answer() or {}).get("isLeader"))


def _token(sidecar: Sidecar) -> int:
    return int((sidecar.answer() or {}).get("token") or 0)


def _larger(before: int, token: int) -> int:
    if token <= before:
        raise DemoError(f"token {token} is not larger than {before}")
    return token


def _show(console: Console, sidecars: Sequence[Sidecar], title: str) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("pod", "isLeader", "token", "validForSeconds", "leader"):
        table.add_column(column)
    for one in sidecars:
        told = one.answer()
        if told is None:
            table.add_row(one.name, "[red]gone[/red]", "", "", "")
            continue
        style = "[green]true[/green]" if told["isLeader"] else "false"
        leader = (told["leader"] or {}).get("name", "")
        table.add_row(one.name, style, str(told["token"] or ""), str(told["validForSeconds"]), leader)
    console.print(table)
    console.print()
