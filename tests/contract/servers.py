"""The choice between the development server and a real one, for every suite that runs on both."""

from __future__ import annotations

import pytest

SERVERS = ("devserver", "apiserver", "kind")


def add_server_option(parser: pytest.Parser) -> None:
    """Add the option `--server`."""
    parser.addoption(
        "--server", choices=SERVERS, default="devserver", help="the API server to ask (default: devserver)"
    )


def chosen_server(config: pytest.Config) -> str:
    """Return the server that this run asks, one of SERVERS."""
    return str(config.getoption("--server"))
