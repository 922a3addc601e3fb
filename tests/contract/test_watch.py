"""Watches: what they begin with, that nothing is lost, repeated or out of order, and how they end."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contract.api import LEASES, Api, Event, version_of

# A few milliseconds on an idle machine; the rest is for slow and busy ones.
SOON_S = 0.25


def told(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(event.type, event.name, event.version) for event in events]


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}])
async def test_a_watch_from_nowhere_begins_with_what_exists(api: Api, query: dict[str, Any]) -> None:
    leases = [(await api.post(name, holderIdentity=name)).body for name in ("a", "b")]
    async with api.watch(**query) as watch:
        assert watch.status == 200
        events = await watch.take(2)
    assert [(event.type, event.object) for event in events] == [("ADDED", lease) for lease in leases]


async def test_a_watch_that_allows_bookmarks_says_where_the_beginning_ends(api: Api) -> None:
    lease = await api.created()
    async with api.watch(allowWatchBookmarks="true") as watch:
        first, second = await watch.next(), await watch.next()
    assert first is not None
    assert second is not None
    assert (first.type, first.version) == ("ADDED", version_of(lease))
    assert second.type == "BOOKMARK"
    assert second.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert second.version >= version_of(lease)


async def test_a_watch_from_a_version_tells_what_came_after_it(api: Api) -> None:
    lease = await api.created()
    held = await api.written(lease, holderIdentity="a")
    other = await api.created()
    await api.delete(other["metadata"]["name"])
    async with api.watch(resourceVersion=version_of(lease)) as watch:
        events = await watch.take(3)
    assert [event.type for event in events] == ["MODIFIED", "ADDED", "DELETED"]
    assert events[0].object == held
    assert events[1].object == other
    # A deletion is told with the last content and a version of its own.
    assert events[2].object["metadata"]["uid"] == other["metadata"]["uid"]
    assert events[2].version > events[1].version


async def test_changes_are_told_as_they_happen(api: Api) -> None:
    start = (await api.request("GET", api.path())).version
    async with api.watch(resourceVersion=start) as watch:
        lease = await api.created()
        assert told(await watch.take(1)) == [("ADDED", lease["metadata"]["name"], version_of(lease))]
        held = await api.written(lease, holderIdentity="a")
        assert [event.object for event in await watch.take(1)] == [held]
        await api.delete(lease["metadata"]["name"])
        assert [event.type for event in await watch.take(1)] == ["DELETED"]


async def test_a_write_is_told_on_anothers_watch_soon(api: Api) -> None:
    """A watch is what makes a hand-over immediate: a server that looks for changes now and then would not do."""
    lease = await api.created()
    now_s = asyncio.get_running_loop().time
    waits_s = []
    async with api.watch(resourceVersion=version_of(lease)) as watch:
        for number in range(21):
            sent_at_s = now_s()
            writing = asyncio.create_task(api.written(lease, leaseTransitions=number))
            [event] = await watch.take(1)
            waits_s.append(now_s() - sent_at_s)
            lease = await writing
            assert event.object == lease
    assert statistics.median(waits_s) < SOON_S


async def test_a_write_that_changes_nothing_is_not_told(api: Api) -> None:
    lease = await api.created()
    async with api.watch(resourceVersion=version_of(lease)) as watch:
        assert (await api.put(lease)).status == 200
        held = await api.written(lease, holderIdentity="a")
        assert told(await watch.take(1)) == [("MODIFIED", lease["metadata"]["name"], version_of(held))]


async def test_a_watch_of_one_name_sees_only_it(api: Api) -> None:
    mine, other = await api.created(), await api.created()
    name = mine["metadata"]["name"]
    async with api.watch(fieldSelector=f"metadata.name={name}", resourceVersion=version_of(other)) as watch:
        for number in range(3):
            other = await api.written(other, leaseTransitions=number)
            mine = await api.written(mine, leaseTransitions=number)
        events = await watch.take(3)
    assert [(event.type, event.name) for event in events] == [("MODIFIED", name)] * 3
    assert events[-1].object == mine


async def test_a_lease_that_is_made_later_is_seen_by_its_name(api: Api) -> None:
    start = (await api.request("GET", api.path())).version
    async with api.watch(fieldSelector="metadata.name=payouts", resourceVersion=start) as watch:
        lease = (await api.post("payouts")).body
        assert [event.object for event in await watch.take(1)] == [lease]


async def test_the_older_path_watches_one_lease(api: Api) -> None:
    lease = await api.created()
    name = lease["metadata"]["name"]
    path = f"{LEASES}/watch/namespaces/{api.namespace}/leases/{name}"
    async with api.watch(path) as watch:
        await api.created()
        held = await api.written(lease, holderIdentity="a")
        assert [(event.type, event.object) for event in await watch.take(2)] == [("ADDED", lease), ("MODIFIED", held)]


async def test_the_path_of_one_lease_does_not_watch(api: Api) -> None:
    lease = await api.created()
    answer = await api.request("GET", f"{api.path(lease['metadata']['name'])}?watch=true&timeoutSeconds=1")
    assert answer.body == lease


async def test_no_change_is_lost_or_repeated_under_concurrent_writers(api: Api) -> None:
    leases = [await api.created() for _ in range(4)]
    start = (await api.request("GET", api.path())).version
    written: list[int] = []
    half_written, listing = asyncio.Event(), asyncio.Event()

    async def write(lease: dict[str, Any]) -> None:
        for number in range(20):
            if number == 10:
                half_written.set()
                await listing.wait()
            lease = await api.written(lease, leaseTransitions=number)
            written.append(version_of(lease))

    async def follow(version: int) -> list[int]:
        seen: list[int] = []
        async with api.watch(resourceVersion=version) as watch:
            while (event := (await watch.take(1))[0]).name != "the-end":
                seen.append(event.version)
        return seen

    async def follow_from_the_midst() -> tuple[int, list[int]]:
        await half_written.wait()
        listing.set()
        listed = (await api.request("GET", api.path())).version
        return listed, await follow(listed)

    followers = asyncio.gather(*(follow(start) for _ in range(3)))
    late_follower = asyncio.create_task(follow_from_the_midst())
    await asyncio.gather(*(write(lease) for lease in leases))
    await api.post("the-end")
    assert await followers == [sorted(written)] * 3
    listed, seen = await late_follower
    assert seen == [version for version in sorted(written) if version > listed]
    assert 0 < len(seen) < len(written)


async def test_a_watch_can_go_on_where_another_ended(api: Api) -> None:
    lease = await api.created()
    reached = version_of(lease)
    seen: list[int] = []
    written: list[int] = []
    for _ in range(3):
        async with api.watch(resourceVersion=reached) as watch:
            for number in (1, 2):
                lease = await api.written(lease, leaseTransitions=number, leaseDurationSeconds=len(written) + 1)
                written.append(version_of(lease))
            # The second of the two is left for the next watch.
            [event] = await watch.take(1)
            seen.append(event.version)
            reached = event.version
    async with api.watch(resourceVersion=reached) as watch:
        seen += [event.version for event in await watch.take(len(written) - len(seen))]
    assert seen == written


async def test_a_bookmark_near_the_end_says_how_far_the_watch_has_come(api: Api) -> None:
    lease = await api.created()
    query: dict[str, Any] = {"allowWatchBookmarks": "true", "resourceVersion": version_of(lease)}
    async with api.watch(timeout_s=4, **query) as watch:
        held = await api.written(lease, holderIdentity="a")
        events = await watch.rest()
    bookmarks = [event for event in events if event.type == "BOOKMARK"]
    assert [event.object for event in events if event.type != "BOOKMARK"] == [held]
    assert bookmarks
    assert events[-1].type == "BOOKMARK"
    assert events[-1].version >= version_of(held)
    assert events[-1].object["kind"] == "Lease"
    # What was written after a bookmark is told by a watch that begins there.
    last = await api.written(held, holderIdentity="b")
    async with api.watch(resourceVersion=events[-1].version) as watch:
        assert [event.object for event in await watch.take(1)] == [last]


async def test_without_leave_no_bookmarks_are_sent(api: Api) -> None:
    lease = await api.created()
    async with api.watch(timeout_s=3, resourceVersion=version_of(lease)) as watch:
        await api.written(lease, holderIdentity="a")
        assert [event.type for event in await watch.rest()] == ["MODIFIED"]


async def test_a_watch_ends_at_its_timeout(api: Api) -> None:
    lease = await api.created()
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with api.watch(timeout_s=1, resourceVersion=version_of(lease)) as watch:
        assert await watch.rest() == []
    assert 0.9 <= loop.time() - began_s < 5


async def test_a_watch_from_the_future_waits(api: Api) -> None:
    lease = await api.created()
    async with api.watch(timeout_s=1, resourceVersion=version_of(lease) + 1_000_000) as watch:
        await api.written(lease, holderIdentity="a")
        assert watch.status == 200
        assert await watch.rest() == []


async def test_a_watch_from_before_the_known_history_is_told_so(
    api: Api, forget_history: Callable[[], Awaitable[None]]
) -> None:
    lease = await api.created()
    await forget_history()
    async with api.watch(resourceVersion=version_of(lease), allowWatchBookmarks="true") as watch:
        assert watch.status == 200
        error = await watch.next()
        assert error is not None
        assert error.type == "ERROR"
        message = error.object["message"]
        assert message.startswith(f"too old resource version: {version_of(lease)} (")
        head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        assert error.object == {**head, "message": message, "reason": "Expired", "code": 410}
        assert await watch.next() is None
    # The way on is a list, and a watch from its version.
    listed = await api.request("GET", api.path())
    async with api.watch(resourceVersion=listed.version) as watch:
        held = await api.written(lease, holderIdentity="a")
        assert [event.object for event in await watch.take(1)] == [held]


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        (
            "resourceVersion=abc",
            500,
            'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
        ),
        ("timeoutSeconds=abc", 400, 'strconv.ParseInt: parsing "abc": invalid syntax'),
        ("fieldSelector=garbage", 400, "invalid selector: 'garbage'; can't understand 'garbage'"),
    ],
)
async def test_a_watch_that_is_not_understood_is_refused(api: Api, query: str, status: int, message: str) -> None:
    answer = await api.request("GET", f"{api.path()}?watch=true&{query}")
    assert (answer.status, answer.message) == (status, message)
