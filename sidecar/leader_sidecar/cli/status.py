"""Owns the command `status`: who leads each election of a sidecar, once or as it changes, for people and as JSON."""

import json
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from leader_sidecar.cli.asking import Refused, Sidecar, Unreachable, add_url
from leader_sidecar.cli.parsing import Parser
from leader_sidecar.cli.terminal import BOLD, GREEN, columns, paint

_HEADING = ("ELECTION", "THIS POD", "LEADER", "TOKEN", "VALID FOR", "SINCE")
_POLL_S = 30.0
_PAUSE_S = 0.5
_TRIES = 20  # of a sidecar that was there and is restarting


def parser() -> Parser:
    """Make the parser of `status`."""
    made = Parser("status", "Show who leads each election of a sidecar; exit 2 when it could not be asked.")
    made.add_argument(
        "--json", action="store_true", help="print the sidecar's documents as JSON; one a line with --watch"
    )
    made.add_argument("--watch", action="store_true", help="go on, with a line at each change, until interrupted")
    add_url(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Show the elections."""
    made = parser()
    flags = made.read(argv)
    try:
        documents = flags.url.answers()
        if flags.watch:
            _watch(flags.url, documents, flags.json)
        elif flags.json:
            print(json.dumps(documents, indent=2))
        else:
            print("\n".join(_table(documents)))
    except (Unreachable, Refused) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _table(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    heading, *lines = columns([_HEADING, *map(_row, documents)])
    painted = [
        paint(line, GREEN) if document["isLeader"] else line for line, document in zip(lines, documents, strict=True)
    ]
    return [paint(heading, BOLD), *painted]


def _row(document: Mapping[str, Any]) -> tuple[str, ...]:
    leader = document.get("leader") or {}
    token = document.get("token") if document["isLeader"] else leader.get("token")
    valid = f"{document.get('validForSeconds', 0):.1f}s" if document["isLeader"] else "-"
    name, since = str(leader.get("name") or "nobody known"), str(leader.get("acquiredAt") or "")
    # Whole seconds are what people read; the record has six digits more.
    since = since[:19] + "Z" if len(since) > 19 and since.endswith("Z") else since or "-"
    role = "leads" if document["isLeader"] else "follows"
    return document["election"], role, name, str(token) if token else "-", valid, since


def _watch(sidecar: Sidecar, documents: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    news: queue.Queue[Mapping[str, Any] | Exception] = queue.Queue(maxsize=64)
    widths: list[Mapping[str, Any]] = list(documents)
    if not as_json:
        print("\n".join(_table(documents)), flush=True)
    for document in documents:
        if as_json:
            print(json.dumps(document), flush=True)
        threading.Thread(target=_follow, args=(sidecar, document, news), daemon=True).start()
    while True:
        one = news.get()
        if isinstance(one, Exception):
            raise one
        # Aligned with the first table as far as its widths reach.
        print(json.dumps(one) if as_json else _table([*widths, one])[-1], flush=True)


def _follow(sidecar: Sidecar, document: Mapping[str, Any], news: "queue.Queue[Mapping[str, Any] | Exception]") -> None:
    """Put each change of one election into the queue, and what ends the watch."""
    index, failures = document["index"], 0
    while True:
        try:
            latest = sidecar.answer(document["election"], index, _POLL_S)
        except Unreachable as error:
            failures += 1
            if failures >= _TRIES:
                news.put(error)
                return
            time.sleep(_PAUSE_S)
            continue
        except Refused as error:
            news.put(error)
            return
        failures = 0
        if latest["index"] != index:
            index = latest["index"]
            news.put(latest)
        else:
            time.sleep(0.05)
