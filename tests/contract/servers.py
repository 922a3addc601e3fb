"""The choice between the development server and a real one, for every suite that runs on both."""

from __future__ import annotations

import os

import pytest

SERVERS = ("devserver", "apiserver")


def add_server_option(parser: pytest.Parser) -> None:
    """Add `--server`, known to runs that begin in the folder of the conftest that calls this, or below."""
    parser.addoption(
        "--server", choices=SERVERS, help="the server that the suite asks; the development server if unset"
    )


def chosen_server(config: pytest.Config) -> str:
    """Return `--server`, else $CONTRACT_SERVER (for runs that do not know the option), else the development server."""
    name = config.getoption("--server", None) or os.environ.get("CONTRACT_SERVER") or "devserver"
    if name not in SERVERS:
        raise pytest.UsageError(f"CONTRACT_SERVER={name}: choose one of {', '.join(SERVERS)}")
    return str(name)
