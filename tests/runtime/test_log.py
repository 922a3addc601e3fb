"""The log: one line each, for machines or people, and never in the way."""

from __future__ import annotations

import io
import json
import logging

import pytest

from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.log import LibraryLog, LogWriter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class GonePipe(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def written(form: str, level: str = "info", stream: io.StringIO | None = None) -> tuple[LogWriter, io.StringIO]:
    stream = stream or io.StringIO()
    return LogWriter(Clock(), form, level, stream), stream


def test_a_json_line_has_the_event_its_fields_and_both_clocks() -> None:
    log, stream = written("json")
    log("info", "became_leader", token=418, uid=None)
    (line,) = stream.getvalue().splitlines()
    document = json.loads(line)
    assert list(document) == ["time", "level", "event", "token", "boottime_s", "boot_id"]
    assert document["token"] == 418
    assert abs(document["boottime_s"] - Clock().now_s()) < 60


def test_text_quotes_what_could_be_read_wrongly() -> None:
    log, stream = written("text")
    log("warning", "rejected", reason='may not "update"\nleases', status=403)
    assert 'rejected         reason="may not \\"update\\"\\nleases" status=403' in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("command", ["\x1b[2J", "\x9b2J", "a\rb", "a\u202eb"])
def test_a_text_line_does_not_command_the_terminal(command: str) -> None:
    log, stream = written("text")
    log("info", "new_leader", identity=f"payouts-0{command}")
    assert stream.getvalue().removesuffix("\n").isprintable()
    assert json.dumps(f"payouts-0{command}") in stream.getvalue()


def test_colours_are_for_terminals_only() -> None:
    log, pipe = written("text")
    log("error", "crashed")
    coloured, terminal = written("text", stream=Terminal())
    coloured("error", "crashed")
    assert "\x1b" not in pipe.getvalue()
    assert "\x1b[31m" in terminal.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    log, stream = written("json", level="warning")
    log("info", "started")
    log("error", "crashed")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["crashed"]


def test_a_reader_that_has_gone_disturbs_nobody() -> None:
    log, _ = written("json", stream=GonePipe())
    log("info", "started")


def test_what_libraries_report_comes_in_the_same_form() -> None:
    log, stream = written("json")
    logger = logging.Logger("aiohttp.server")
    logger.addHandler(LibraryLog(log))
    logger.info("not worth a line")
    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("Error handling request")
    (line,) = stream.getvalue().splitlines()
    assert {"level": "error", "name": "aiohttp.server", "error": "KeyError('x')"}.items() <= json.loads(line).items()
