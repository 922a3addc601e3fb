"""The contract suite can fail: each broken development server is caught by a test that a sound one passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from contract import broken, test_lease_writes, test_versions, test_watch
from contract.api import Api, version_of
from leader_sidecar.devserver.server import start
from leader_sidecar.devserver.store import Store

pytestmark = pytest.mark.devserver

SHORT_HISTORY, LONG_HISTORY = 50, 1000
Check = Callable[[Api], Awaitable[None]]


async def a_watch_from_before_the_known_history(api: Api) -> None:
    async def forget() -> None:
        lease = await api.created()
        for number in range(SHORT_HISTORY + 1):
            lease = await api.written(lease, leaseTransitions=number)

    await test_watch.test_a_watch_from_before_the_known_history_is_told_so(api, forget)


CATCHES: list[tuple[type[Store], Check]] = [
    (broken.TakesStaleWrites, test_lease_writes.test_put_with_a_stale_version_is_refused),
    (broken.TakesStaleWrites, test_versions.test_one_of_many_writers_wins_each_version),
    (broken.TakesStaleWrites, test_versions.test_no_write_is_lost_among_writers_that_try_again),
    (broken.SkipsAnEvent, test_watch.test_no_change_is_lost_or_repeated_under_concurrent_writers),
    (broken.SkipsAnEvent, test_watch.test_a_watch_can_go_on_where_another_ended),
    (broken.RepeatsAnEvent, test_watch.test_no_change_is_lost_or_repeated_under_concurrent_writers),
    (broken.RepeatsAnEvent, test_watch.test_a_watch_can_go_on_where_another_ended),
    (broken.BeginsAgainAfterDeletion, test_versions.test_a_lease_made_again_is_newer_than_any_before),
    (broken.CountsForEachLease, test_versions.test_versions_rise_over_all_leases),
    (broken.SpendsVersionsOnNothing, test_lease_writes.test_put_that_changes_nothing_answers_the_old_version),
    (broken.SpendsVersionsOnNothing, test_watch.test_a_write_that_changes_nothing_is_not_told),
    (broken.HidesThatHistoryIsGone, a_watch_from_before_the_known_history),
]


async def run(check: Check, store: Store, session: aiohttp.ClientSession) -> None:
    async with await start(store=store) as server:
        await check(Api(session, server.url, "contract", event_wait_s=0.5))


@pytest.mark.parametrize(("variant", "check"), CATCHES, ids=lambda value: value.__name__)
async def test_a_broken_server_is_caught(variant: type[Store], check: Check, session: aiohttp.ClientSession) -> None:
    limit = SHORT_HISTORY if check is a_watch_from_before_the_known_history else LONG_HISTORY
    await run(check, Store(history_limit=limit), session)
    with pytest.raises((AssertionError, TimeoutError)):
        await run(check, variant(history_limit=limit), session)


async def test_every_variant_differs_from_a_sound_server_in_one_way_only(session: aiohttp.ClientSession) -> None:
    """A variant that serves nothing at all would be caught by anything."""
    for variant in {variant for variant, _ in CATCHES}:
        async with await start(store=variant()) as server:
            api = Api(session, server.url, "contract")
            lease = await api.written(await api.created(), holderIdentity="a")
            assert (await api.get(lease["metadata"]["name"])).version == version_of(lease)
