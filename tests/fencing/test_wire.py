"""The little HTTP: answers whole or broken, and a stream that comes in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leader_sidecar.fencing.wire import EventStream, NoAnswer, read_address, read_answer

STREAM = (
    b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    b'event: leader\nid: 1\ndata: {"a": 1}\n\n: still here\n\nevent: follower\nid: 2\ndata: {"b": 2}\n\n'
)


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=12))
def test_a_stream_is_read_whatever_its_pieces(cuts: list[int]) -> None:
    stream, heard = EventStream(), []
    edges = [0, *sorted(set(cuts)), len(STREAM)]
    for begin, end in pairwise(edges):
        heard += stream.feed(STREAM[begin:end])
    assert heard == [b'{"a": 1}', b'{"b": 2}']


def test_the_end_of_a_stream_is_no_answer() -> None:
    stream = EventStream()
    stream.feed(STREAM)
    with pytest.raises(NoAnswer):
        stream.feed(b"")


def test_a_stream_without_end_of_line_is_bounded() -> None:
    stream = EventStream()
    stream.feed(STREAM)
    stream.feed(b"x" * 70_000)
    with pytest.raises(NoAnswer):
        stream.feed(b"x")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 404 No\r\n\r\n{}", b"200\r\n\r\n", b"\r\n\r\n"]
)
def test_an_answer_that_is_none_is_told(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(answer)


def test_an_address_names_the_election() -> None:
    assert read_address("http://localhost:8080", "default/payouts").path == "/elections/default%2Fpayouts/leader"
    assert read_address("http://localhost:8080/leader", None).path == "/leader"
    request = read_address("http://[::1]:8080", None).request("/events")
    assert request == b"GET /leader/events HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n"
