"""The watch: what it shows, from where it goes on, when it gives a stream up, and how long it then waits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from kube.fake_api import BOUND_S, Answer, FakeApi, Lines, drop, half, hang, lease, lines, respond, status
from leader_sidecar.core.record import Record
from leader_sidecar.kube.answers import LeaseName
from leader_sidecar.kube.transport import MAX_BODY_BYTES, Lane
from leader_sidecar.kube.watch import LeaseWatch, WatchTiming

QUICK = WatchTiming(silence_s=2.0, connect_s=2.0, first_pause_s=0.001, last_pause_s=0.004, refused_pause_s=0.002)


class Follower:
    """Run a watch and keep what it shows."""

    def __init__(self, lane: Lane, log: Lines, timing: WatchTiming) -> None:
        self.watch = LeaseWatch(lane, LeaseName("default", "payouts"), rng=random.Random(1), log=log, timing=timing)
        self.shown: list[tuple[int, bool]] = []
        self.began_after: list[int] = []
        """How many events had been shown when a stream began afresh."""
        self.task = asyncio.ensure_future(self.watch.run(self._notify, self._began))

    def _notify(self, record: Record, deleted: bool) -> None:
        self.shown.append((record.version, deleted))

    def _began(self) -> None:
        self.began_after.append(len(self.shown))


Follow = Callable[..., Follower]


@pytest_asyncio.fixture
async def follow(lane: Lane, log: Lines) -> AsyncIterator[Follow]:
    """Start followers that are cancelled in the end."""
    started: list[Follower] = []

    def start(**timing: Any) -> Follower:
        started.append(Follower(lane, log, replace(QUICK, **timing)))
        return started[-1]

    yield start
    for follower in started:
        follower.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follower.task


def event(kind: str, version: int, **more: object) -> dict[str, object]:
    return {"type": kind, "object": lease(version, "somebody") | more}


BOOKMARK = {"type": "BOOKMARK", "object": {"kind": "Lease", "metadata": {"resourceVersion": "50"}}}
EXPIRED = {"type": "ERROR", "object": status(410, "Expired", "too old resource version")}


async def asked(api: FakeApi, count: int) -> list[str | None]:
    """Wait for so many requests; return the resourceVersion of each."""
    await api.arrived(count)
    return [seen.query.get("resourceVersion") for seen in api.seen]


async def test_watch_asks_for_one_lease_with_bookmarks_and_starts_without_a_version(
    api: FakeApi, follow: Follow
) -> None:
    api.will(hang)
    follow()
    await api.arrived(1)
    seen = api.seen[0]
    assert (seen.method, seen.path) == ("GET", "/apis/coordination.k8s.io/v1/namespaces/default/leases")
    length_s = int(seen.query["timeoutSeconds"])
    assert 300 <= length_s <= 600
    assert dict(seen.query) == {
        "watch": "1",
        "fieldSelector": "metadata.name=payouts",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(length_s),
    }


async def test_records_are_shown_in_order_and_a_deletion_as_such(api: FakeApi, follow: Follow) -> None:
    api.will(lines(event("ADDED", 7), event("MODIFIED", 8), BOOKMARK, event("DELETED", 60)), hang)
    follower = follow()
    await api.arrived(2)
    assert follower.shown == [(7, False), (8, False), (60, True)]


async def test_line_that_comes_in_pieces_is_one_event(api: FakeApi, follow: Follow) -> None:
    text = json.dumps(event("ADDED", 7)).encode() + b"\n" + json.dumps(event("MODIFIED", 8)).encode()
    api.will(lines(text[:40], text[40:300], text[300:], b"\n"), hang)
    follower = follow()
    await api.arrived(2)
    assert follower.shown == [(7, False), (8, False)]


async def test_next_stream_goes_on_from_the_last_event_or_bookmark(api: FakeApi, follow: Follow) -> None:
    api.will(lines(event("ADDED", 7)), lines(BOOKMARK), hang)
    follow()
    assert await asked(api, 3) == [None, "7", "50"]


async def test_broken_connection_goes_on_from_the_last_version(api: FakeApi, follow: Follow) -> None:
    api.will(lines(event("ADDED", 7), then=drop), hang)
    follow()
    assert await asked(api, 2) == [None, "7"]


@pytest.mark.parametrize(
    "answer",
    [
        lines(EXPIRED),
        respond(410, status(410, "Expired")),
        respond(504, status(504, "Timeout", "Too large resource version")),
        lines(b"no json\n"),
        lines(b'["a list"]\n'),
        lines(b'{"type": "ADDED", "object": 7}\n'),
        lines({"type": "ERROR", "object": status(500, "InternalError", "etcd is away")}),
        lines(b"x" * (MAX_BODY_BYTES + 2)),
        respond(403, status(403, "Forbidden")),
        half(403, b"half of this"),
    ],
    ids=["410 event", "410", "too new", "no json", "list", "no object", "500 event", "endless line", "403", "half"],
)
async def test_watch_starts_afresh_after_an_answer_that_tells_nothing(
    api: FakeApi, follow: Follow, answer: Answer
) -> None:
    api.will(lines(event("ADDED", 7)), answer, lines(event("ADDED", 9)), hang)
    follower = follow()
    assert await asked(api, 4) == [None, "7", None, "9"]
    assert follower.shown == [(7, False), (9, False)]
    assert follower.began_after == [0, 1], "told at each fresh start, before anything is shown, and at no other"


async def test_version_is_given_up_when_it_leads_nowhere_again_and_again(api: FakeApi, follow: Follow) -> None:
    api.will(lines(event("ADDED", 7)), drop, drop, hang)
    follow()
    assert (await asked(api, 4))[-1] is None


@pytest.mark.parametrize(
    "silent", [lines(event("ADDED", 7), then=hang), lines(event("ADDED", 7), *[b" "] * 99, every_s=0.02)]
)
async def test_silent_stream_is_dead_even_when_bytes_trickle(
    api: FakeApi, follow: Follow, log: Lines, silent: Answer
) -> None:
    api.will(silent, hang)
    follower = follow(silence_s=0.15)
    assert await asked(api, 2) == [None, None]
    assert follower.watch.ends == {"silent": 1}
    assert log.kept[0][1:] == ("watch_cut", {"reason": "nothing was heard for 0.15 s"})


async def test_bookmark_breaks_the_silence(api: FakeApi, follow: Follow) -> None:
    api.will(lines(*[BOOKMARK] * 6, every_s=0.05), hang)
    follower = follow(silence_s=0.2)
    await api.arrived(2)
    assert follower.watch.ends == {"ended": 1}


async def test_unchanged_fault_is_told_once_and_its_end_once(api: FakeApi, follow: Follow, log: Lines) -> None:
    refused = respond(403, status(403, "Forbidden", 'User "sa" cannot watch'))
    api.will(refused, refused, refused, lines(event("ADDED", 7)), hang)
    follow()
    await api.arrived(5)
    assert log.events == ["watch_broken", "watch_works"]
    assert log.kept[0][2]["reason"] == (
        '403 for watch leases.coordination.k8s.io "payouts" in namespace "default" as sa: '
        "allow the verb watch in its Role (leader-sidecar doctor prints the command)"
    )


async def test_malformed_record_is_told_once_and_not_shown(api: FakeApi, follow: Follow, log: Lines) -> None:
    bad = event("MODIFIED", 8, spec={"holderIdentity": 7})
    api.will(lines(event("ADDED", 7), bad, bad, event("MODIFIED", 9), bad), hang)
    follower = follow()
    await api.arrived(2)
    assert follower.shown == [(7, False), (9, False)]
    assert log.events == ["record_malformed", "record_malformed"]


async def test_other_leases_and_unknown_types_are_ignored(api: FakeApi, follow: Follow) -> None:
    other = {"type": "ADDED", "object": lease(5, name="reports")}
    api.will(lines(other, event("SOMETHING", 6), event("ADDED", 7)), hang)
    follower = follow()
    await api.arrived(2)
    assert follower.shown == [(7, False)]


async def test_pauses_grow_to_their_bound_and_start_over_after_a_stream_that_lived(
    api: FakeApi, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = follow(first_pause_s=0.1, last_pause_s=5.0)
    api.will(hang)
    pauses = []
    for failures in range(1, 12):
        follower.watch._failures = failures
        pauses.append(follower.watch._pause_s())
    bounds = [min(0.1 * 2**n, 5.0) for n in range(11)]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    await api.arrived(1)


async def test_pauses_are_drawn_so_that_fleets_do_not_return_together(api: FakeApi, follow: Follow) -> None:
    follower = follow()
    api.will(hang)
    await api.arrived(1)
    assert len({follower.watch._pause_s() for _ in range(9)}) == 9


async def test_waiting_long_for_nothing_is_no_stream_that_lived(api: FakeApi, follow: Follow) -> None:
    api.will(drop, drop, hang)
    follower = follow(healthy_s=0.0)
    await api.arrived(3)
    assert follower.watch._failures == 2


async def test_server_that_ends_each_stream_at_once_is_asked_ever_less(api: FakeApi, follow: Follow) -> None:
    """A stream counts as healthy by its age, else one event a stream would make a busy loop."""
    api.will(*[lines(event("ADDED", version)) for version in range(1, 5)], hang)
    follower = follow()
    await api.arrived(5)
    assert follower.watch._failures == 4


async def test_stream_that_lived_long_enough_starts_the_pauses_over(api: FakeApi, follow: Follow) -> None:
    api.will(*[lines(event("ADDED", version)) for version in range(1, 5)], hang)
    follower = follow(healthy_s=0.0)
    await api.arrived(5)
    assert follower.watch._failures == 1


async def test_server_is_left_alone_for_as_long_as_it_asks(api: FakeApi, follow: Follow) -> None:
    api.will(respond(429, status(429, "TooManyRequests"), Retry_After="1"), hang)
    follow()
    await api.arrived(1)
    began_s = asyncio.get_running_loop().time()
    await api.arrived(2)
    assert asyncio.get_running_loop().time() - began_s > 0.9


async def test_what_the_listener_raises_ends_the_watch(api: FakeApi, lane: Lane, log: Lines) -> None:
    def broken(record: Record, deleted: bool) -> None:
        raise ZeroDivisionError

    api.will(lines(event("ADDED", 7), then=hang))
    watch = LeaseWatch(lane, LeaseName("default", "payouts"), rng=random.Random(1), log=log, timing=QUICK)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(BOUND_S):
            await watch.run(broken)


async def test_watch_keeps_to_one_connection_while_streams_end_properly(api: FakeApi, follow: Follow) -> None:
    api.will(*[lines(event("ADDED", version)) for version in range(1, 6)], hang)
    follow()
    await api.arrived(6)
    assert api.connections == [1] * 6
