#!/usr/bin/env python3
"""Make what a chart says of itself from its commented `values.yaml`, from the table of settings and from the version.

    python tools/chart_docs.py [--verify] CHART...

Of each chart: `values.schema.json`, the table of values in `README.md` between its two markers, the versions in
`Chart.yaml`, and `templates/_defaults.tpl` where a chart has one. In `values.yaml`,

    # -- A description, which may go on
    # in the next lines
    # @schema {minimum: 1}
    replicas: 3

describes a value and restricts it beyond the type of its default. A mapping without a description is a section of
values; one with a description is one value, whose own keys are free. No other key is taken by the chart.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from leader_sidecar import __version__
from leader_sidecar.runtime.setting_table import SETTINGS, Setting

_BEGIN, _END = "<!-- values: begin -->", "<!-- values: end -->"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
_DURATION = {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,9})?(ms|s|m)$"}


class ChartError(Exception):
    """A chart cannot be described; the message is one line that names the file, the line and the fix."""


@dataclass(frozen=True)
class Value:
    """One key of `values.yaml`: its default, and its description and restriction or the values below it."""

    name: str
    default: Any
    description: str = ""
    restriction: dict[str, Any] | None = None
    below: tuple[Value, ...] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Write or verify the files of the charts that are named. Returns: the exit code."""
    parser = argparse.ArgumentParser(prog="chart_docs.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--verify", action="store_true", help="change nothing; exit 1 when a file would change")
    parser.add_argument("charts", nargs="+", type=Path, metavar="CHART")
    arguments = parser.parse_args(argv)
    stale = False
    try:
        for chart in arguments.charts:
            for file, text in made_anew(chart):
                found = file.read_text(encoding="utf-8") if file.exists() else ""
                if arguments.verify and found != text:
                    stale = True
                    lines = difflib.unified_diff(
                        found.splitlines(True), text.splitlines(True), str(file), "made anew", n=1
                    )
                    sys.stderr.writelines(lines)
                    print(f"{file} is out of date: run make update-charts", file=sys.stderr)
                elif found != text:
                    file.write_text(text, encoding="utf-8")
    except ChartError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if stale else 0


def made_anew(chart: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file of a chart that is made from others, with the text that it should have."""
    values = read_values(chart / "values.yaml")
    yield chart / "values.schema.json", json.dumps(_schema(values), indent=2, ensure_ascii=False) + "\n"
    yield chart / "README.md", _readme(chart / "README.md", values)
    yield chart / "Chart.yaml", _versions((chart / "Chart.yaml").read_text(encoding="utf-8"))
    defaults = chart / "templates" / "_defaults.tpl"
    if defaults.exists():
        yield defaults, _defaults()


def read_values(file: Path) -> tuple[Value, ...]:
    """Read a commented `values.yaml`. Raises: ChartError for a value without a description."""
    text = file.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise ChartError(f"{file}:1: holds no values: write KEY: VALUE")
    return _values_of(node, text.splitlines(), file, "")


def _values_of(mapping: yaml.MappingNode, lines: list[str], file: Path, path: str) -> tuple[Value, ...]:
    return tuple(_value(key, node, lines, file, path) for key, node in mapping.value)


def _value(key: yaml.Node, node: yaml.Node, lines: list[str], file: Path, path: str) -> Value:
    name = f"{path}{key.value}"
    default = yaml.SafeLoader("").construct_document(node)
    description, restriction = _comment(lines, key.start_mark.line, file)
    if description:
        return Value(name, default, description, restriction)
    if isinstance(node, yaml.MappingNode) and node.value:
        return Value(name, default, below=_values_of(node, lines, file, f"{name}."))
    raise ChartError(f"{file}:{key.start_mark.line + 1}: {name} is not described: write a comment `# -- …` above it")


def _comment(lines: list[str], line: int, file: Path) -> tuple[str, dict[str, Any]]:
    block: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        block.insert(0, lines[line].strip().removeprefix("#").strip())
    words: list[str] = []
    restriction: dict[str, Any] = {}
    for text in block:
        if text.startswith("-- "):
            words = [text.removeprefix("-- ")]
        elif text.startswith("@schema "):
            try:
                restriction |= yaml.safe_load(text.removeprefix("@schema "))
            except (yaml.YAMLError, TypeError):
                raise ChartError(
                    f"{file}:{line + 1}: `{text}` is not a mapping: write @schema {{minimum: 1}}"
                ) from None
        elif words:
            words.append(text)
    return " ".join(words), restriction


def _schema(values: tuple[Value, ...]) -> dict[str, Any]:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_section(values)}
    # Helm itself puts `global` into the values of every chart.
    schema["properties"]["global"] = {"type": "object", "description": "Shared by Helm among charts; not used here"}
    if '"#/$defs/duration"' in json.dumps(schema):
        schema["$defs"] = {"duration": _DURATION}
    return schema


def _section(values: tuple[Value, ...]) -> dict[str, Any]:
    properties = {value.name.rpartition(".")[2]: _property(value) for value in values}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _property(value: Value) -> dict[str, Any]:
    if value.below:
        return _section(value.below)
    restriction = value.restriction or {}
    kind: dict[str, Any] = {}
    if not restriction.keys() & {"$ref", "type"}:
        if type(value.default) not in _TYPES:
            raise ChartError(f"{value.name}: no type follows from its default: write # @schema {{type: …}}")
        kind = {"type": _TYPES[type(value.default)]}
    return {"description": value.description, "default": value.default, **kind, **restriction}


def _readme(file: Path, values: tuple[Value, ...]) -> str:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ChartError(
            f"{file}: has no place for the table of values: write {_BEGIN} and {_END} on lines of their own"
        )
    rows = ["| value | default | |", "|---|---|---|", *_rows(values)]
    return "\n".join([f"{head}{begin}", *rows, f"{end}{tail}"])


def _rows(values: tuple[Value, ...]) -> Iterator[str]:
    for value in values:
        if value.below:
            yield from _rows(value.below)
        else:
            plain = isinstance(value.default, str) and value.default != ""
            default = value.default if plain else json.dumps(value.default, ensure_ascii=False)
            yield f"| `{value.name}` | `{default}` | {value.description.replace('|', chr(92) + '|')} |"


def _versions(text: str) -> str:
    """Put the project's version into `Chart.yaml`: the chart's, the image's, and that of charts it depends on."""
    text = re.sub(r"(?m)^version: .*$", f"version: {__version__}", text)
    text = re.sub(r"(?m)^    version: .*$", f"    version: {__version__}", text)
    return re.sub(r"(?m)^appVersion: .*$", f'appVersion: "{__version__}"', text)


def _defaults() -> str:
    defaults = {setting.chart_value: _default(setting) for setting in SETTINGS if not setting.per_process}
    body = json.dumps(defaults, indent=2)
    head = "{{/* Made by tools/chart_docs.py from runtime/setting_table.py: what holds without a flag, as JSON. */}}"
    return f'{head}\n{{{{- define "leader-sidecar.defaults" -}}}}\n{body}\n{{{{- end }}}}\n'


def _default(setting: Setting) -> str | bool | float:
    if setting.switch:
        return setting.default == "true"
    number = re.fullmatch(r"[0-9]+(\.[0-9]+)?", setting.default)
    return json.loads(setting.default) if number else setting.default


if __name__ == "__main__":
    sys.exit(main())
