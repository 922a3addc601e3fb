"""Owns where a setting's text comes from: flag, environment, downward API, file or host name, default, in this order.

Nothing is judged here but names: what no setting is called is told, with what it may have been meant to be.
"""

import argparse
import enum
import os
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from leader_sidecar.runtime.setting_table import (
    ENVIRONMENT_PREFIX,
    SERVICE_ACCOUNT_DIR,
    SERVICE_ACCOUNT_DIR_VARIABLE,
    SETTINGS,
    Setting,
)
from leader_sidecar.runtime.suggestions import nearest

# What argparse stores for a flag without its value, so that this fault is told with all others; argv cannot hold a NUL.
NO_VALUE: Final = "\0"

# Kubernetes gives every pod LEADER_SIDECAR_PORT and the like when a Service happens to be named leader-sidecar.
_SERVICE_LINK = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")


class Source(enum.StrEnum):
    """Where a value came from, in the order in which they win."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOWNWARD_API = "downward API"
    FILE = "file"
    HOST = "host name"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Given:
    """One setting's text and where it came from.

    Args:
        text: as it was written; "" for none.
        where: the variable or file, "" for flags and defaults.
    """

    setting: Setting
    text: str
    source: Source
    where: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine says about this process, besides its arguments and environment."""

    namespace_file: str
    host_name: str
    on_terminal: bool

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> Self:
        """Look at the machine this process runs on."""
        folder = environ.get(SERVICE_ACCOUNT_DIR_VARIABLE) or SERVICE_ACCOUNT_DIR
        return cls(os.path.join(folder, "namespace"), socket.gethostname(), os.isatty(2))


def add_flags(parser: argparse.ArgumentParser, settings: Iterable[Setting] = SETTINGS) -> None:
    """Give a command the flags of these settings; all values stay text until `settle` reads them."""
    group = parser.add_argument_group("settings")
    for setting in settings:
        default = f"default {setting.default}" if setting.default else setting.otherwise
        group.add_argument(
            setting.flag,
            dest=setting.key,
            metavar=setting.metavar,
            nargs="?",
            const="true" if setting.switch else NO_VALUE,
            action="append" if setting.name == "election" else "store",
            help=f"{setting.help} ({default})".replace("%", "%%"),
        )
        if setting.switch:
            group.add_argument(
                f"--no-{setting.name}", dest=setting.key, action="store_const", const="false", help=argparse.SUPPRESS
            )


def unknown_arguments(parser: argparse.ArgumentParser, extras: Iterable[str]) -> list[str]:
    """Tell what is wrong with arguments that the parser did not know, and what each may have been meant to be."""
    known = [option for action in parser._actions for option in action.option_strings]
    faults = []
    before = ""
    for extra in extras:
        # What stands after an unknown flag is its value, and no second fault.
        is_value = before.startswith("-") and "=" not in before and not extra.startswith("-")
        before = extra
        if is_value:
            continue
        name = extra.partition("=")[0]
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"see {parser.prog} --help"
        kind = "flag" if extra.startswith("-") else "argument"
        faults.append(f"unknown {kind} {name!r}: {hint}")
    return faults


def misspelt(environ: Mapping[str, str], settings: Iterable[Setting] = SETTINGS) -> list[str]:
    """Tell which variables look like a setting's but are none; a setting that is silently ignored is a trap."""
    known = [*(setting.environment for setting in settings), SERVICE_ACCOUNT_DIR_VARIABLE]
    faults = []
    for name in sorted(environ):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known and not _SERVICE_LINK.search(name):
            # Only near misses: other variables may share the prefix for reasons of their own.
            near = nearest(name, known, likeness=0.9)
            if near:
                faults.append(f"unknown environment variable {name}: did you mean {near}?")
    return faults


def gather(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    surroundings: Surroundings | None = None,
    settings: Iterable[Setting] = SETTINGS,
) -> tuple[Given, ...]:
    """Find each setting's text and where it came from.

    Args:
        flags: what argparse stored by the settings' keys, None or absent for flags that were not used.
        environ: the environment; an empty variable counts as not set.
        surroundings: the machine; None to look.
    """
    around = surroundings or Surroundings.here(environ)
    return tuple(_find(setting, flags.get(setting.key), environ, around) for setting in settings)


def _find(
    setting: Setting, flag: str | Sequence[str] | None, environ: Mapping[str, str], around: Surroundings
) -> Given:
    if flag is not None:
        return Given(setting, flag if isinstance(flag, str) else ",".join(flag), Source.FLAG)
    for name, source in ((setting.environment, Source.ENVIRONMENT), (setting.downward, Source.DOWNWARD_API)):
        if environ.get(name):
            return Given(setting, environ[name], source, name)
    if setting.name == "namespace":
        namespace = _file_text(around.namespace_file)
        return Given(
            setting, namespace, Source.FILE if namespace else Source.DEFAULT, around.namespace_file if namespace else ""
        )
    if setting.name == "pod-name":
        return Given(setting, around.host_name.lower(), Source.HOST)
    if setting.name == "log-format":
        return Given(setting, "text" if around.on_terminal else "json", Source.DEFAULT)
    return Given(setting, setting.default, Source.DEFAULT)


def _file_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(256).strip()
    except (OSError, UnicodeDecodeError):
        return ""
