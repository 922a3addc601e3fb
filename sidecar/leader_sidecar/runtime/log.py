"""Owns the log: one line per transition on stderr, as JSON for machines or text for people."""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from leader_sidecar.core.wire import micro_time
from leader_sidecar.runtime.clock import Clock

LEVELS = ("debug", "info", "warning", "error")

_COLOURS = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}
_RESET = "\x1b[0m"


class LogWriter:
    """Write log lines.

    Args:
        clock: gives each line its instant on both clocks.
        form: "json" or "text".
        level: the least level written.
        stream: where to; None for stderr. Colours only where it is a terminal.
    """

    def __init__(self, clock: Clock, form: str, level: str, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._least = LEVELS.index(level)
        self._stream = stream or sys.stderr
        self._line = self._json if form == "json" else self._text
        self._colours = form == "text" and self._stream.isatty()

    def __call__(self, level: str, event: str, **fields: object) -> None:
        """Write one line; a stream that is gone loses it, and nothing else.

        Args:
            level: one of `LEVELS`.
            event: one of the documented words, snake_case.
            fields: what else belongs to it; None is left out.
        """
        if LEVELS.index(level) < self._least:
            return
        kept = {key: value for key, value in fields.items() if value is not None}
        line = self._line(level, event, kept)
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass  # an election does not end because nobody reads about it

    def _json(self, level: str, event: str, fields: Mapping[str, Any]) -> str:
        instant = {"boottime_s": round(self._clock.now_s(), 6), "boot_id": self._clock.boot_id}
        head = {"time": micro_time(self._clock.wall_us()), "level": level, "event": event}
        return json.dumps({**head, **fields, **instant}, separators=(",", ":"), default=str)

    def _text(self, level: str, event: str, fields: Mapping[str, Any]) -> str:
        time = micro_time(self._clock.wall_us())[11:23]
        begin, end = (_COLOURS[level], _RESET) if self._colours else ("", "")
        shown = " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())
        return f"{time} {begin}{level:<7}{end} {event:<16} {shown}".rstrip()


class LibraryLog(logging.Handler):
    """Bring what libraries report into the same lines.

    Args:
        log: where to.
    """

    def __init__(self, log: LogWriter) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record of the standard library's logging."""
        level = "error" if record.levelno >= logging.ERROR else "warning"
        error = record.exc_info[1] if record.exc_info else None
        self._log(level, "library", name=record.name, reason=record.getMessage(), error=error and repr(error))


def _quoted(value: object) -> str:
    text = str(value)
    if not text.isprintable():
        return json.dumps(text)  # whoever may write the Lease could command the reader's terminal
    return json.dumps(text, ensure_ascii=False) if not text or any(c in text for c in ' "=') else text
