"""How the parameters of a request are read."""

from __future__ import annotations

import pytest

from serving.client import ask

PATHS = ["/", "/leader", "/leader/check", "/leader/events", "/elections", "/openapi.yaml", "/elections/payouts/leader"]


@pytest.mark.parametrize("path", PATHS)
async def test_an_unknown_parameter_is_refused_everywhere_and_the_known_ones_told(port: int, path: str) -> None:
    detail = (await ask(port, f"{path}?nonsense=1")).problem(400)
    assert "'nonsense'" in detail
    assert "known are" in detail


async def test_a_parameter_without_a_name_is_refused(port: int) -> None:
    (await ask(port, "/leader?=1")).problem(400)


@pytest.mark.parametrize("query", ["index=1&index=1", "wait=1s&index=1&wait=1s", "verify=true&verify=false"])
async def test_a_repeated_parameter_is_refused(port: int, query: str) -> None:
    assert "twice" in (await ask(port, f"/leader?{query}")).problem(400)


async def test_a_question_mark_alone_is_no_parameter(port: int) -> None:
    assert (await ask(port, "/leader?")).status == 200


async def test_an_escaped_parameter_is_the_same(port: int) -> None:
    assert (await ask(port, "/leader?%69ndex=999")).status == 200


@pytest.mark.parametrize("query", ["%", "%zz=1", "%ff=%ff", "%00", "a" * 8000, "&".join(["x=1"] * 1500)])
async def test_strange_parameters_are_refused_in_a_short_answer(port: int, query: str) -> None:
    assert len((await ask(port, f"/leader?{query}")).problem(400)) < 300


@pytest.mark.parametrize("name", ["index", "wait", "verify"])
async def test_a_long_value_is_not_told_back_whole(port: int, name: str) -> None:
    detail = (await ask(port, f"/leader?{name}={'9' * 7000}")).problem(400)
    assert name in detail
    assert len(detail) < 300
